/** A fleet that is as its playbook wants it, and whose hosts have an address outside that must answer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';

export async function appliedFleet(size: Parameters<typeof fleet>[0]): Promise<Fleet> {
  const lab = await fleet(size);
  const text = readFileSync(lab.inventory, 'utf8');
  const probed = text.replace('  children:\n', '    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n');
  writeFileSync(lab.inventory, probed);
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes']);
  expect(`${code}\n${stderr}`).toMatch(/^0\n/);
  return lab;
}
