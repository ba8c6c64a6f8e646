/**
 * A plan as people read it: equal lines of many hosts are one line with the hosts behind it, neighbouring things of one
 * host (eth1:0, eth1:1 ...) are one line with a range, and what a task says of its changes stands at its last line.
 * Data only; `render` draws it.
 */
import type { Change, Note } from '../tasks/task-type.ts';
import type { PlayPlan, TaskPlan, UnplannableHost } from './plan.ts';

const numbered = /^(.*?)(\d+)$/;

export interface FoldedLine {
  readonly change: Change;
  readonly hosts: readonly string[];
  /** How many changes of all hosts it stands for. */
  readonly count: number;
  /** What it is the cause of: dangers, warnings, reasons. */
  readonly notes: readonly FoldedNote[];
}

export interface FoldedNote {
  readonly note: Note;
  readonly hosts: readonly string[];
}

export interface FoldedPlay {
  readonly lines: readonly FoldedLine[];
  /** What is missing for a restart. */
  readonly boot: readonly FoldedLine[];
  /** Notes of tasks that change nothing. */
  readonly notes: readonly FoldedNote[];
  readonly unplannable: readonly UnplannableHost[];
}

export function foldPlay(play: PlayPlan): FoldedPlay {
  const lines: Lines = new Map();
  const boots: Lines = new Map();
  const notes: Notes = new Map();
  for (const plan of play.hosts) {
    if (plan.kind !== 'planned') continue;
    const said = new Set<string>();
    for (const task of plan.tasks) {
      const live = joinRanges(task.changes).map((run) => gatherLine(lines, run, plan.host));
      const boot = (task.boot ?? []).map((change) => gatherLine(boots, [change], plan.host));
      const beside = (live.at(-1) ?? boot.at(-1))?.notes ?? notes;
      for (const note of notesOf(task)) gatherNote(beside, note, { host: plan.host, said });
    }
  }
  return {
    lines: [...lines.values()].map(folded),
    boot: [...boots.values()].map(folded),
    notes: [...notes.values()],
    unplannable: play.hosts.filter((host): host is UnplannableHost => host.kind === 'unplannable'),
  };
}

type Notes = Map<string, { readonly note: Note; readonly hosts: string[] }>;

interface Line {
  change: Change;
  readonly hosts: string[];
  count: number;
  readonly notes: Notes;
}

type Lines = Map<string, Line>;

function folded({ change, hosts, count, notes }: Line): FoldedLine {
  return { change, hosts, count, notes: [...notes.values()] };
}

/** Reasons of a change that is none are left out. */
function notesOf({ changes, notes }: TaskPlan): readonly Note[] {
  return changes.length > 0 ? notes : notes.filter(({ level }) => level !== 'info');
}

/**
 * Hosts in their order as people read them: runs of three or more neighbours of `all` become `web02..web14`. A gap in
 * the numbers ends a run: `all` may be a part of the fleet, and `web02..web06` must not be read as five hosts.
 */
export function hostRuns(hosts: readonly string[], all: readonly string[]): readonly string[] {
  const position = positionsOf(all);
  const runs: string[][] = [];
  for (const host of hosts) {
    const last = runs.at(-1)?.at(-1);
    const neighbours = last !== undefined && position.get(host) === (position.get(last) ?? -2) + 1;
    if (neighbours && !skipsNumber(last, host)) runs.at(-1)?.push(host);
    else runs.push([host]);
  }
  return runs.flatMap((run) => (run.length < 3 ? run : [`${run[0] ?? ''}..${run.at(-1) ?? ''}`]));
}

const positions = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** A plan has thousands of lines over the same hosts: these are numbered once. */
function positionsOf(all: readonly string[]): ReadonlyMap<string, number> {
  const known = positions.get(all) ?? new Map(all.map((host, index) => [host, index]));
  positions.set(all, known);
  return known;
}

function skipsNumber(before: string, after: string): boolean {
  const [, stem, number] = numbered.exec(before) ?? [];
  const [, nextStem, nextNumber] = numbered.exec(after) ?? [];
  return stem !== undefined && stem === nextStem && Number(nextNumber) !== Number(number) + 1;
}

/** Connections are added up: how many each host has is no difference between hosts. */
function gatherLine(lines: Lines, run: readonly Change[], host: string): Line {
  const change = joined(run);
  const { connections } = change;
  const key = JSON.stringify({ ...change, connections: connections?.become });
  const there = lines.get(key);
  if (there === undefined) {
    const line = { change, hosts: [host], count: run.length, notes: new Map() };
    lines.set(key, line);
    return line;
  }
  there.hosts.push(host);
  there.count += run.length;
  if (connections === undefined || there.change.connections === undefined) return there;
  const counts = [there.change.connections.count, connections.count];
  const count = counts.includes(null) ? null : (counts[0] ?? 0) + (counts[1] ?? 0);
  there.change = { ...there.change, connections: { become: connections.become, count } };
  return there;
}

/** Two tasks of one host that say the same say it once. */
function gatherNote(
  notes: Notes,
  note: Note,
  { host, said }: { readonly host: string; readonly said: Set<string> },
): void {
  const key = JSON.stringify(note);
  if (said.has(key)) return;
  said.add(key);
  const there = notes.get(key);
  if (there === undefined) notes.set(key, { note, hosts: [host] });
  else there.hosts.push(host);
}

/** Runs of neighbours, each to be one line. */
function joinRanges(changes: readonly Change[]): readonly (readonly Change[])[] {
  const runs: Change[][] = [];
  for (const change of changes) {
    const run = runs.at(-1);
    if (run !== undefined && isNext(run.at(-1), change)) run.push(change);
    else runs.push([change]);
  }
  return runs.flatMap((run) => (run.length < 3 ? run.map((change) => [change]) : [run]));
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
  if (run.length === 1) return first;
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
