/**
 * Diagnostics of many hosts: the same words at the same place are one diagnostic that names its hosts.
 */
import type { Diagnostic } from '../source/diagnostic.ts';

/** As many hosts are named; the others are counted. */
const named = 3;

export class Complaints {
  private readonly found = new Map<string, { diagnostic: Diagnostic; hosts: Set<string> }>();
  private readonly keys = new WeakMap<Diagnostic, string>();

  add(diagnostic: Diagnostic, host: string): void {
    const key = this.keys.get(diagnostic) ?? keyOf(diagnostic);
    this.keys.set(diagnostic, key);
    const before = this.found.get(key);
    if (before === undefined) this.found.set(key, { diagnostic, hosts: new Set([host]) });
    else before.hosts.add(host);
  }

  /** In the order in which they came up first. */
  diagnostics(): readonly Diagnostic[] {
    return [...this.found.values()].map(({ diagnostic, hosts }) => ({
      ...diagnostic,
      message: `${diagnostic.message} (${shownHosts([...hosts])})`,
    }));
  }
}

function keyOf({ severity, message, place }: Diagnostic): string {
  return [severity, message, place?.file, place?.line, place?.col].join('\u0000');
}

/** `gw1`, `gw1, gw2`, `gw1, gw2, gw3 and 37 more`. */
export function shownHosts(hosts: readonly string[]): string {
  const shown = hosts.slice(0, named).join(', ');
  return hosts.length > named ? `${shown} and ${hosts.length - named} more` : shown;
}
