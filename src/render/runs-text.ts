/** The list of past runs, a line each; and the story of one. */
import type { RunState } from '../report/run-state.ts';
import type { Palette } from './palette.ts';
import { recapText } from './recap.ts';
import { visibleLine } from './visible.ts';
import { whereaboutsLines } from './whereabouts.ts';

export interface RunLine {
  readonly run: string;
  readonly startedAt: string;
  readonly command: string;
  readonly inventory: string;
  readonly owner: string;
  readonly result: string;
  readonly exit: number | null;
}

const columns = ['run', 'when (UTC)', 'command', 'inventory', 'who', 'exit', 'result'] as const;

export function runsTable(lines: readonly RunLine[], colours: Palette): string {
  const rows = lines.map(({ run, startedAt, command, inventory, owner, result, exit }) =>
    [run, minuteText(startedAt), command, inventory, owner, exit === null ? '-' : String(exit), result].map(
      visibleLine,
    ),
  );
  const widths = columns.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const padded = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [colours.dim(padded(columns)), ...rows.map(padded), ''].join('\n');
}

/** `2026-11-22 21:40`. */
function minuteText(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

export interface RunStory extends RunLine {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly of: string | undefined;
  readonly folder: string;
  readonly state: RunState;
  /** Lines of what can be done now. */
  readonly next: readonly string[];
}

export function runStory(story: RunStory, colours: Palette): string {
  const { run, command, args, owner, startedAt, cwd, exit, result, of, state, next, folder } = story;
  const { plan, stopped } = state;
  const lines = [
    colours.bold(`run ${run}: ${command} ${args.map(visibleLine).join(' ')}`),
    `  by ${visibleLine(owner)}, ${startedAt.slice(0, 19).replace('T', ' ')} UTC, in ${visibleLine(cwd)}`,
    `  ${exit === null ? '' : `exit ${exit}: `}${result === '' ? 'nothing was begun' : result}`,
    ...(of === undefined ? [] : [`  ${command === 'rollback' ? 'takes back' : 'carries on'} run ${of}`]),
    ...(plan === undefined
      ? ['  it ended before there was a plan']
      : [
          `  plan: ${plan.create} to create, ${plan.update} to update, ${plan.delete} to delete on ${plan.hostsChanging} of ${plan.hosts} hosts`,
        ]),
    ...state.notes.map((note) => `  ${visibleLine(note)}`),
    '',
    ...(stopped === undefined ? whereaboutsLines(state) : []),
    recapText(state, colours, 'left out').trimEnd(),
    ...next.map((line) => `next: ${line}`),
    `everything: ${folder}`,
    '',
  ];
  return lines.join('\n');
}
