/** `--limit`: the hosts that a command may speak of; an element that matches nothing is an error. */
import { selectHosts } from '../inventory/host-pattern.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { limitReference } from './limit-reference.ts';

/** Undefined: no limit. */
export function limitedHosts(
  inventory: Inventory,
  limit: string | undefined,
  found: Diagnostic[],
): ReadonlySet<string> | undefined {
  if (limit === undefined) return undefined;
  const { hosts, diagnostics } = selectHosts(inventory, limit, {
    name: '--limit',
    reference: limitReference(inventory.file),
  });
  found.push(...diagnostics);
  if (hosts.length === 0 && diagnostics.length === 0) {
    found.push({
      severity: 'error',
      message: `--limit: '${limit}' leaves no host`,
      hint: 'gwfleet inventory FILE --graph shows groups and hosts',
    });
  }
  return new Set(hosts);
}
