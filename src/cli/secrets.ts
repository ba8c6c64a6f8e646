/** Every secret that a run knows: what variables with telling names hold, and the passwords of its connections. */
import type { Inventory, Variables } from '../inventory/model.ts';
import type { Play } from '../playbook/play.ts';
import { lookupIn } from '../playbook/scope.ts';
import { isSecretName, secretTexts } from '../playbook/secret-name.ts';
import type { Target } from '../remote/remote.ts';

interface Known {
  readonly inventory: Inventory;
  readonly extra: Variables;
  readonly plays: readonly Play[];
  readonly targets: ReadonlyMap<string, Target>;
}

export function secretsOf({ inventory, extra, plays, targets }: Known): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string, value: unknown): void => {
    for (const text of secretTexts(name, value)) found.add(text);
  };
  for (const [name, value] of extra) add(name, value);
  for (const play of plays)
    for (const vars of [play.vars, ...play.tasks.map((task) => task.vars)])
      for (const [name, { value }] of vars) add(name, value);
  for (const host of inventory.hosts.values()) {
    const lookup = lookupIn({ host, extra, task: new Map(), play: new Map(), fleet: undefined });
    for (const [name, value] of host.variables) {
      const looked = isSecretName(name) ? lookup(name) : undefined;
      add(name, looked?.kind === 'value' ? looked.value : value);
    }
  }
  for (const { password, become } of targets.values())
    for (const one of [password, become?.password]) if (one !== undefined) found.add(one);
  return found;
}
