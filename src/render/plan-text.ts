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
  const { lines, notes, unplannable } = foldPlay(play);
  if (lines.length === 0 && notes.length === 0 && unplannable.length === 0) return '';
  const all = play.batches.flat();
  const body = [
    ...lineTexts(lines, { all, depth, colours }),
    ...notes.map((note) => noteText(note, all, colours)),
    ...unplannable.map((host) => unplannableText(host, colours)),
  ];
  return [headerText(play, colours), ...(depth === 'stat' ? body.slice(lines.length) : body)].join('\n');
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

function lineTexts(lines: readonly FoldedLine[], { all, depth, colours }: LineSetting): readonly string[] {
  const cells = lines.map(
    ({ change, hosts }) =>
      [
        visibleLine(`${change.kind} ${change.name}`),
        values(change),
        [hostRuns(hosts, all).join(' '), become(change)].filter(Boolean).join('   '),
      ] as const,
  );
  const widths = [0, 1].map((column) =>
    Math.min(44, Math.max(0, ...cells.map((row) => (row[column] ?? '').length))),
  );
  return lines.flatMap(({ change }, index) => {
    const [what = '', value = '', who = ''] = cells[index] ?? [];
    const text =
      `  ${signs[change.action]} ${what.padEnd(widths[0] ?? 0)}   ${value.padEnd(widths[1] ?? 0)}   ${who}`.trimEnd();
    const detail = depth === 'full' ? (change.detail ?? []) : [];
    return [
      paint(text, change.action, colours),
      ...detail.map((line) => `      ${paintDetail(visibleText(line).trimEnd(), colours)}`),
    ];
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

function noteText({ note, hosts }: FoldedNote, all: readonly string[], colours: Palette): string {
  const text = `  ${note.level === 'info' ? 'i' : '!'} ${hostRuns(hosts, all).join(' ')}: ${visibleLine(note.text)}`;
  if (note.level === 'danger') return colours.bold(colours.red(text));
  return note.level === 'warning' ? colours.yellow(text) : colours.dim(text);
}

function unplannableText({ host, result, why, hint, task }: UnplannableHost, colours: Palette): string {
  const where = task === undefined ? '' : `${visibleLine(task.name)}: `;
  const after = hint === undefined ? '' : `\n      ${visibleLine(hint)}`;
  return colours.red(`  x ${host} ${result}: ${where}${visibleLine(why)}${after}`);
}
