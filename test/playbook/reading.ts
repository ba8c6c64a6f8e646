/** Playbooks and inventories from texts, for tests. */
import { readFileSync } from 'node:fs';
import { readFleet } from '../../src/fleet/fleet.ts';
import { hostVariables } from '../../src/fleet/host-variables.ts';
import type { Inventory, Value } from '../../src/inventory/model.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import { playHosts } from '../../src/playbook/play-hosts.ts';
import { readPlaybook } from '../../src/playbook/playbook-reading.ts';
import { type ResolvedPlay, resolvePlay } from '../../src/playbook/resolution.ts';
import type { Diagnostic } from '../../src/source/diagnostic.ts';
import type { Files } from '../../src/source/files.ts';
import { tinyTypes } from './tiny-types.ts';

export function texts(files: Readonly<Record<string, string>>): Files {
  return {
    read: (path) => {
      const text = files[path];
      return text === undefined ? { kind: 'missing' } : { kind: 'text', text };
    },
    list: () => undefined,
  };
}

export function readText(text: string): ReturnType<typeof readPlaybook> {
  return readPlaybook(texts({ 'site.yaml': text }), 'site.yaml', tinyTypes);
}

export function inventoryOf(text: string): Inventory {
  const { inventory, diagnostics } = readInventory(texts({ 'inv.yaml': text }), 'inv.yaml');
  if (inventory === undefined) throw new Error(JSON.stringify(diagnostics));
  return inventory;
}

export const shipped = readFileSync(new URL('../../playbooks/site.yaml', import.meta.url), 'utf8');

/** The first play of a playbook, resolved for all hosts of an inventory that are in the group that it names. */
export function resolveText(
  playbook: string,
  inventory: Inventory,
  { extra = new Map<string, Value>(), play = 0 } = {},
): { resolved: ResolvedPlay; diagnostics: readonly Diagnostic[] } {
  const reading = readText(playbook);
  const chosen = reading.playbook?.plays[play];
  if (chosen === undefined) throw new Error(JSON.stringify(reading.diagnostics));
  return resolvePlay(chosen, {
    hosts: playHosts(chosen, inventory, undefined).hosts,
    inventory,
    fleetVariables: hostVariables(readFleet(inventory).fleet, inventory),
    extraVariables: extra,
    selected: undefined,
  });
}

/** `site.yaml:3:5 message` and the hint, as short as a test wants to read it. */
export function said(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ place, message, hint }) => {
    const at = place === undefined ? '' : `${place.line}:${place.col} `;
    return `${at}${message}${hint === undefined ? '' : ` | ${hint}`}`;
  });
}
