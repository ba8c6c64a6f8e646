/**
 * A plan as people read it: equal lines of many hosts are one line with the hosts behind it, and neighbouring things
 * of one host (eth1:0, eth1:1 ...) are one line with a range. Data only; `render` draws it.
 */
import type { Change, Note } from '../tasks/task-type.ts';
import type { PlannedHost, PlayPlan, UnplannableHost } from './plan.ts';

const numbered = /^(.*?)(\d+)$/;

export interface FoldedLine {
  readonly change: Change;
  readonly hosts: readonly string[];
}

export interface FoldedNote {
  readonly note: Note;
  readonly hosts: readonly string[];
}

export interface FoldedPlay {
  readonly lines: readonly FoldedLine[];
  /** What is missing for a restart. */
  readonly boot: readonly FoldedLine[];
  readonly notes: readonly FoldedNote[];
  readonly unplannable: readonly UnplannableHost[];
}

export function foldPlay(play: PlayPlan): FoldedPlay {
  const planned = play.hosts.filter((host): host is PlannedHost => host.kind === 'planned');
  const lines = new Map<string, { change: Change; hosts: string[] }>();
  const boots = new Map<string, { change: Change; hosts: string[] }>();
  const notes = new Map<string, { note: Note; hosts: string[] }>();
  for (const { host, tasks } of planned) {
    for (const task of tasks) {
      for (const change of joinRanges(task.changes)) gatherLine(lines, change, host);
      for (const change of task.boot ?? []) gatherLine(boots, change, host);
      const told = task.changes.length > 0 ? task.notes : task.notes.filter(({ level }) => level !== 'info');
      for (const note of told) gather(notes, JSON.stringify(note), { note, hosts: [host] });
    }
  }
  return {
    lines: [...lines.values()],
    boot: [...boots.values()],
    notes: [...notes.values()],
    unplannable: play.hosts.filter((host): host is UnplannableHost => host.kind === 'unplannable'),
  };
}

/**
 * Hosts in their order as people read them: runs of three or more neighbours of `all` become `web02..web14`. A gap in
 * the numbers ends a run: `all` may be a part of the fleet, and `web02..web06` must not be read as five hosts.
 */
export function hostRuns(hosts: readonly string[], all: readonly string[]): readonly string[] {
  const position = new Map(all.map((host, index) => [host, index]));
  const runs: string[][] = [];
  for (const host of hosts) {
    const last = runs.at(-1)?.at(-1);
    const neighbours = last !== undefined && position.get(host) === (position.get(last) ?? -2) + 1;
    if (neighbours && !skipsNumber(last, host)) runs.at(-1)?.push(host);
    else runs.push([host]);
  }
  return runs.flatMap((run) => (run.length < 3 ? run : [`${run[0] ?? ''}..${run.at(-1) ?? ''}`]));
}

function skipsNumber(before: string, after: string): boolean {
  const [, stem, number] = numbered.exec(before) ?? [];
  const [, nextStem, nextNumber] = numbered.exec(after) ?? [];
  return stem !== undefined && stem === nextStem && Number(nextNumber) !== Number(number) + 1;
}

/** Connections are added up: how many each host has is no difference between hosts. */
function gatherLine(
  lines: Map<string, { change: Change; hosts: string[] }>,
  change: Change,
  host: string,
): void {
  const { connections } = change;
  const key = JSON.stringify({ ...change, connections: connections?.become });
  const there = lines.get(key);
  if (there === undefined) {
    lines.set(key, { change, hosts: [host] });
    return;
  }
  there.hosts.push(host);
  if (connections === undefined || there.change.connections === undefined) return;
  const counts = [there.change.connections.count, connections.count];
  const count = counts.includes(null) ? null : (counts[0] ?? 0) + (counts[1] ?? 0);
  there.change = { ...there.change, connections: { become: connections.become, count } };
}

function gather<Entry extends { hosts: string[] }>(map: Map<string, Entry>, key: string, entry: Entry): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, entry);
  // Hosts come one after the other: two tasks of one that say the same say it once.
  else if (there.hosts.at(-1) !== entry.hosts.at(-1)) there.hosts.push(...entry.hosts);
}

function joinRanges(changes: readonly Change[]): readonly Change[] {
  const runs: Change[][] = [];
  for (const change of changes) {
    const run = runs.at(-1);
    if (run !== undefined && isNext(run.at(-1), change)) run.push(change);
    else runs.push([change]);
  }
  return runs.flatMap((run) => (run.length < 3 ? run : [joined(run)]));
}

function isNext(before: Change | undefined, after: Change): boolean {
  if (before === undefined || before.action !== after.action || before.kind !== after.kind) return false;
  if (before.detail !== undefined || after.detail !== undefined) return false;
  if (
    (before.from === undefined) !== (after.from === undefined) ||
    (before.to === undefined) !== (after.to === undefined)
  )
    return false;
  const [, stem, number] = numbered.exec(before.name) ?? [];
  const [, nextStem, nextNumber] = numbered.exec(after.name) ?? [];
  return stem !== undefined && stem === nextStem && Number(nextNumber) === Number(number) + 1;
}

function joined(run: readonly Change[]): Change {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) throw new Error('a run of changes is never empty');
  return {
    action: first.action,
    kind: first.kind,
    name: `${first.name}..${last.name}`,
    ...(first.from === undefined ? {} : { from: span(first.from, last.from) }),
    ...(first.to === undefined ? {} : { to: span(first.to, last.to) }),
  };
}

/** `203.0.113.11/24` and `203.0.113.15/24` are `203.0.113.11-203.0.113.15`. */
function span(first: string, last = ''): string {
  if (first === last) return first;
  const [head = '', tail] = first.split('/');
  const [end = '', endTail] = last.split('/');
  return tail === endTail ? `${head}-${end}` : `${first}-${last}`;
}
