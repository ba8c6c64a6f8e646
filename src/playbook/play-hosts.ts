/**
 * Which hosts a play is for: its pattern, cut down by --limit, in the inventory's order. A fleet without webservers
 * (or without gateways) is a fleet, so the plays of the two roles may be without hosts; any other pattern that means
 * nobody is a mistake, as on the command line.
 */
import { selectHosts } from '../inventory/host-pattern.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Play } from './play.ts';

const roles: readonly string[] = ['gateways', 'webservers', 'all'];

/** `limit` are the hosts of --limit; undefined: no limit. A limit that leaves a play without hosts is no mistake. */
export function playHosts(
  { hosts: { pattern, place } }: Play,
  inventory: Inventory,
  limit: ReadonlySet<string> | undefined,
): { readonly hosts: readonly string[]; readonly diagnostics: readonly Diagnostic[] } {
  const selection = selectHosts(inventory, pattern, { name: 'hosts', place });
  if (selection.hosts.length === 0 && roles.includes(pattern)) {
    const message = `no host is in '${pattern}', the play does nothing`;
    return { hosts: [], diagnostics: [{ severity: 'warning', message, place }] };
  }
  const wanted = new Set(selection.hosts);
  const hosts = [...inventory.hosts.keys()].filter((name) => wanted.has(name) && limit?.has(name) !== false);
  return { hosts, diagnostics: selection.diagnostics };
}
