/** How to reach hosts: the inventory's connection variables, and what flags say where it says nothing. */
import { userInfo } from 'node:os';
import { connectionOf } from '../inventory/connection.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Target } from '../remote/remote.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Flags } from './flags.ts';

type LoginFlags = Partial<Pick<Flags, 'user' | 'privateKey' | 'become'>>;

/** How to reach further hosts of the inventory; those that it says nothing sound about are left out. */
export function furtherTargets(
  inventory: Inventory,
  names: Iterable<string>,
  { flags, becomePassword }: { readonly flags: LoginFlags; readonly becomePassword: string | undefined },
): ReadonlyMap<string, Target> {
  return readTargets(inventory, names, { flags, becoming: new Set(), becomePassword, found: [] });
}

interface TargetSettings {
  readonly flags: LoginFlags;
  /** Hosts of plays with `become: true`. One connection serves all plays of a host, so all of them become. */
  readonly becoming: ReadonlySet<string>;
  readonly becomePassword: string | undefined;
  readonly found: Diagnostic[];
}

export function readTargets(
  inventory: Inventory,
  names: Iterable<string>,
  { flags, becoming, becomePassword, found }: TargetSettings,
): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  const localUser = userInfo().username;
  for (const name of names) {
    const host = inventory.hosts.get(name);
    if (host === undefined) continue;
    const { target, diagnostics } = connectionOf(host, {
      localUser,
      ...(flags.user === undefined ? {} : { user: flags.user }),
      ...(flags.privateKey === undefined ? {} : { privateKeyFile: flags.privateKey }),
      ...(flags.become === undefined && !becoming.has(name) ? {} : { become: true }),
      ...(becomePassword === undefined ? {} : { becomePassword }),
    });
    found.push(...diagnostics);
    if (target !== undefined) targets.set(name, target);
  }
  return targets;
}
