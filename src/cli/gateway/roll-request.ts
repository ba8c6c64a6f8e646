/**
 * The request of a command about one gateway, cut out of what the playbook would do: the plays of that gateway, and of
 * the webservers that move nothing but their default route. Their probes go with it: asked after the move, before the
 * host is confirmed, and again in the gate before each further batch, on everybody who has moved.
 */
import { webserverSettings } from '../../inventory/domain.ts';
import type { Inventory } from '../../inventory/model.ts';
import type { HostTask } from '../../plan/probe.ts';
import { batchesOf } from '../../playbook/batch.ts';
import type { DrainOrder, PlayRequest } from '../../run/plan-fleet.ts';
import type { Json } from '../../tasks/task-type.ts';
import { type Probe, probeName } from '../../tasks/through.ts';
import type { Request } from '../request.ts';
import type { DrainFlags, Rolling } from './rolling.ts';

/** The plays of the playbook for one gateway alone. */
export function gatewayPlays({ fleet }: Request, name: string): readonly PlayRequest[] {
  return fleet.plays.flatMap((play) => {
    const tasks = play.tasks.get(name) ?? [];
    return tasks.length === 0
      ? []
      : [{ ...play, batches: [[name]], tasks: new Map([[name, tasks]]), gate: new Map() }];
  });
}

/** What a command says of live connections; false: they break. `from`: the next hop that is to carry nobody. */
export type DrainWord = false | (DrainFlags & { readonly from?: string | undefined });

export interface Move {
  /** In the order in which they go. */
  readonly webservers: readonly string[];
  /** Looked at and moved if need be, in the last batch. */
  readonly others: readonly string[];
  /** What is done with live connections, in place of what the playbook says. */
  readonly drain?: DrainWord;
  /** Left out where the webservers have no way out before the move either: one broken probe must keep nobody there. */
  readonly probes?: 'asked' | 'left out';
  readonly rolling: (index: number) => Rolling;
}

/** The plays that move webservers. Empty when the playbook has no default route for any of them. */
export function movePlays({ fleet, inventory }: Request, move: Move): readonly PlayRequest[] {
  return fleet.plays.flatMap((play, index) => {
    const tasks = new Map<string, readonly HostTask[]>();
    const gate = new Map<string, readonly HostTask[]>();
    for (const name of [...move.webservers, ...move.others]) {
      const routes = (play.tasks.get(name) ?? []).filter(({ type }) => type === 'default_route');
      if (routes.length === 0) continue;
      const probes = move.probes === 'left out' ? [] : probeTasks(inventory, name);
      tasks.set(name, [...routes.map((task) => withDrain(task, move.drain)), ...probes]);
      gate.set(name, [...(play.gate.get(name) ?? []), ...probes]);
    }
    if (tasks.size === 0) return [];
    const rolling = move.rolling(index);
    const [first, rest] = [move.webservers, move.others].map((names) =>
      names.filter((name) => tasks.has(name)),
    );
    const batches = batchesOf(first ?? [], rolling);
    const last = [...(batches.at(-1) ?? []), ...(rest ?? [])];
    const rules = { ...play.rules, soakSeconds: rolling.soakSeconds };
    return [
      {
        ...play,
        pattern: 'webservers',
        batches: [...batches.slice(0, -1), last],
        rules,
        tasks,
        gate,
        ...(move.drain ? { drains: orderOf(move.drain) } : {}),
      },
    ];
  });
}

/** A webserver that has something to look at. */
export interface Lookout {
  readonly name: string;
  readonly probes: readonly Probe[];
}

/** Those of them that have probes. */
export function lookoutsOf(inventory: Inventory, names: readonly string[]): readonly Lookout[] {
  return names
    .map((name) => ({ name, probes: probesOf(inventory, name) }))
    .filter(({ probes }) => probes.length > 0);
}

function probesOf(inventory: Inventory, name: string): readonly Probe[] {
  const host = inventory.hosts.get(name);
  return host === undefined ? [] : (webserverSettings(host).settings?.probes ?? []);
}

function probeTasks(inventory: Inventory, name: string): readonly HostTask[] {
  const host = inventory.hosts.get(name);
  if (host === undefined) return [];
  return probesOf(inventory, name).map((probe, index) => ({
    id: `probe${index + 1}`,
    type: 'check',
    name: `probe ${probeName(probe)}`,
    place: host.places.get('probes') ?? host.place,
    args: probe,
  }));
}

function orderOf({ deadline, then, from }: Exclude<DrainWord, false>): DrainOrder {
  return { deadlineSeconds: deadline, atDeadline: then, from };
}

function withDrain(task: HostTask, word: DrainWord | undefined): HostTask {
  if (word === undefined) return task;
  // biome-ignore lint/suspicious/noThenProperty: the users' word
  const drain = word === false ? false : { deadline: `${word.deadline}s`, then: word.then };
  return { ...task, args: { ...(task.args as Record<string, Json>), drain } };
}
