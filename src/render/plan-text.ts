/**
 * The plan as text: folded over equal hosts, dangers beside the changes that cause them, counts last. The same value
 * as the saved plan; nothing is decided here.
 */
import { type FoldedLine, type FoldedNote, foldPlay, hostRuns } from '../plan/fold.ts';
import { countPlan, hasChanges, type Plan, type PlayPlan, type UnplannableHost } from '../plan/plan.ts';
import { colourless, type Palette } from './palette.ts';
import { visibleLine, visibleText } from './visible.ts';

export type DiffDepth = 'stat' | 'short' | 'full';

const signs = { create: '+', update: '~', delete: '-', run: '>' } as const;

export function planText(plan: Plan, depth: DiffDepth, colours: Palette): string {
  const plays = plan.plays.map((play) => playText(play, depth, colours)).filter((text) => text !== '');
  return `${[...plays, summaryLine(plan)].join('\n')}\n`;
}

/** `Plan: 5 to create, 16 to update, 0 to delete on 15 of 42 hosts`. */
export function summaryLine(plan: Plan): string {
  const { create, update, delete: gone, run, hosts, hostsChanging, hostsUnplannable } = countPlan(plan);
  const missing = hostsUnplannable === 0 ? '' : `; ${hostsUnplannable} could not be planned`;
  if (hostsChanging === 0) {
    const settled = hosts - hostsUnplannable;
    return `No changes: ${settled} of ${hosts} ${hosts === 1 ? 'host is' : 'hosts are'} as wanted${missing}`;
  }
  const runs = run === 0 ? '' : `, ${run} to run`;
  return `Plan: ${create} to create, ${update} to update, ${gone} to delete${runs} on ${hostsChanging} of ${hosts} hosts${missing}`;
}

/** What the plan does on one host, with every difference; nothing when it changes nothing there. */
export function hostPlanLines(plan: Plan, host: string): readonly string[] {
  const plays = plan.plays.map((play) => ({
    ...play,
    batches: [[host]],
    hosts: play.hosts.filter((one) => one.host === host),
  }));
  const texts = plays.map((play) => playText(play, 'full', colourless));
  return texts.filter((text) => text !== '').flatMap((text) => text.split('\n'));
}

function playText(play: PlayPlan, depth: DiffDepth, colours: Palette): string {
  const { lines, boot, notes, unplannable } = foldPlay(play);
  if (lines.length === 0 && boot.length === 0 && notes.length === 0 && unplannable.length === 0) return '';
  const setting = { all: play.batches.flat(), depth, colours };
  const body = [
    ...(depth === 'stat' ? statTexts(lines, setting) : lineTexts(lines, setting)),
    ...bootTexts(boot, setting),
    ...notes.map((note) => noteText(note, setting)),
    ...unplannable.map((host) => unplannableText(host, colours)),
  ];
  return [headerText(play, colours), ...body].join('\n');
}

function headerText(play: PlayPlan, colours: Palette): string {
  const changing = play.hosts.filter(hasChanges).length;
  const count = `${play.hosts.length} ${play.hosts.length === 1 ? 'host' : 'hosts'}`;
  const batches = play.batches.length > 1 ? ` in ${play.batches.length} batches` : '';
  const some = changing === play.hosts.length || changing === 0 ? '' : `, ${changing} to change`;
  const name = play.name === play.pattern ? '' : `  ${colours.dim(visibleLine(play.name))}`;
  return `${colours.bold(visibleLine(play.pattern))}  ${count}${batches}${some}${name}`;
}

interface LineSetting {
  readonly all: readonly string[];
  readonly depth: DiffDepth;
  readonly colours: Palette;
}

/** Of the first two columns, so that a line fits 80 of a terminal; what is longer is so in its own line alone. */
const widest = [36, 29] as const;

function lineTexts(lines: readonly FoldedLine[], setting: LineSetting): readonly string[] {
  const { all, depth, colours } = setting;
  const cells = lines.map(
    ({ change, hosts }) =>
      [
        visibleLine(`${change.kind} ${change.name}`.trim()),
        values(change),
        [hostRuns(hosts, all).join(' '), become(change)].filter(Boolean).join('   '),
      ] as const,
  );
  const widths = widest.map((limit, column) =>
    cells.reduce((width, row) => Math.min(limit, Math.max(width, (row[column] ?? '').length)), 0),
  );
  return lines.flatMap(({ change, notes }, index) => {
    const [what = '', value = '', who = ''] = cells[index] ?? [];
    const text =
      `  ${signs[change.action]} ${what.padEnd(widths[0] ?? 0)}   ${value.padEnd(widths[1] ?? 0)}   ${who}`.trimEnd();
    const detail = depth === 'full' ? (change.detail ?? []) : [];
    return [
      paint(text, change.action, colours),
      ...detail.map((line) => `      ${paintDetail(visibleText(line).trimEnd(), colours)}`),
      ...notes.map((note) => noteText(note, setting)),
    ];
  });
}

const deeds = { create: 'to create', update: 'to update', delete: 'to delete', run: 'to run' } as const;

const unnamed = { action: 'run', kind: '', name: '' } as const;

/** `--diff stat`: how many of a kind, where; of the notes only what can break something. */
function statTexts(lines: readonly FoldedLine[], setting: LineSetting): readonly string[] {
  const kinds = new Map<string, readonly FoldedLine[]>();
  for (const line of lines) {
    const key = `${line.change.action} ${line.change.kind}`;
    kinds.set(key, [...(kinds.get(key) ?? []), line]);
  }
  const folded = [...kinds.values()].map((same): FoldedLine => {
    const [{ action, kind, name } = unnamed] = same.map(({ change }) => change);
    const count = same.reduce((sum, line) => sum + line.count, 0);
    const hosts = new Set(same.flatMap((line) => line.hosts));
    return {
      change: {
        action,
        kind,
        name: same.every((line) => line.change.name === name) ? name : '',
        to: `${count} ${deeds[action]}`,
      },
      hosts: setting.all.filter((host) => hosts.has(host)),
      count,
      notes: same.flatMap(({ notes }) => notes.filter(({ note }) => note.level !== 'info')),
    };
  });
  return lineTexts(folded, setting);
}

/** What is missing for a restart: one line for equal hosts, each file in full differences. */
function bootTexts(boot: readonly FoldedLine[], setting: LineSetting): readonly string[] {
  if (setting.depth === 'full') return lineTexts(boot, setting);
  const byHosts = new Map<string, FoldedLine[]>();
  for (const line of boot) {
    const who = line.hosts.join(' ');
    byHosts.set(who, [...(byHosts.get(who) ?? []), line]);
  }
  return [...byHosts.values()].map((lines) => {
    const [first] = lines;
    const more = lines.length === 1 ? '' : ` and ${lines.length - 1} more`;
    const who = hostRuns(first?.hosts ?? [], setting.all).join(' ');
    return [
      setting.colours.yellow(`  ~ for a restart   ${visibleLine(first?.change.name ?? '')}${more}   ${who}`),
      ...lines.flatMap(({ notes }) => notes.map((note) => noteText(note, setting))),
    ].join('\n');
  });
}

function values({ from, to }: FoldedLine['change']): string {
  if (from !== undefined && to !== undefined) return visibleLine(`${from} -> ${to}`);
  return visibleLine(to ?? from ?? '');
}

/** `drains ~310 connections`: what the hosts themselves count, which is near. */
function become({ connections }: FoldedLine['change']): string {
  if (connections === undefined) return '';
  const { become: what, count } = connections;
  if (count === null) return `${what} its connections`;
  return `${what} ~${count} ${count === 1 ? 'connection' : 'connections'}`;
}

function paint(text: string, action: keyof typeof signs, colours: Palette): string {
  if (action === 'create') return colours.green(text);
  return action === 'delete' ? colours.red(text) : colours.yellow(text);
}

/** The sign stands apart: a rule itself begins with `-`. */
function paintDetail(detail: string, colours: Palette): string {
  const line = `${detail.slice(0, 1)} ${detail.slice(1)}`;
  if (line.startsWith('+')) return colours.green(line);
  return line.startsWith('-') ? colours.red(line) : colours.dim(line);
}

function noteText({ note, hosts }: FoldedNote, { all, colours }: LineSetting): string {
  const text = `  ${note.level === 'info' ? 'i' : '!'} ${hostRuns(hosts, all).join(' ')}: ${visibleLine(note.text)}`;
  if (note.level === 'danger') return colours.bold(colours.red(text));
  return note.level === 'warning' ? colours.yellow(text) : colours.dim(text);
}

function unplannableText({ host, result, why, hint, task }: UnplannableHost, colours: Palette): string {
  const where = task === undefined ? '' : `${visibleLine(task.name)}: `;
  const after = hint === undefined ? '' : `\n      ${visibleLine(hint)}`;
  return colours.red(`  x ${host} ${result}: ${where}${visibleLine(why)}${after}`);
}
