/** `runs` and `runs show`: what was done, by whom, and how it ended. Reads the run folders; opens no connection. */
import { plainLine } from '../render/plain.ts';
import { type RunLine, runStory, runsTable } from '../render/runs-text.ts';
import { runOutcome } from '../report/run-outcome.ts';
import { runFolder, stateFolder } from '../run/history.ts';
import { type PastRun, pastRunIds, readPastRun } from '../run/past-run.ts';
import { lifeOf } from '../run/process-mark.ts';
import { hostsLeft, standingChanges } from '../run/run-choice.ts';
import { hostJson } from './apply-result.ts';
import { keptPlan } from './kept-plan.ts';
import type { Output } from './output.ts';
import { runCalled } from './run-word.ts';
import { hostWord, nearPath } from './short-words.ts';

export interface RunsFlags {
  readonly number: number;
  readonly json?: true;
  readonly verbose?: true;
}

export function listRuns({ number, json }: RunsFlags, output: Output): Promise<number> {
  const state = stateFolder(process.env);
  const lines = pastRunIds(state)
    .slice(0, number)
    .flatMap((run) => {
      const past = readPastRun(state, run);
      return past === undefined ? [] : [runLine(past)];
    });
  if (json === true) output.result(`${JSON.stringify({ v: 1, command: 'runs', runs: lines })}\n`);
  else if (lines.length === 0) output.tell(`there is no run yet; runs are kept in ${state}/runs\n`);
  else
    output.result(
      runsTable(
        lines.map((line) => ({ ...line, inventory: nearPath(line.inventory) })),
        output.resultColours,
      ),
    );
  return Promise.resolve(0);
}

export function showRun(word: string, { json, verbose }: RunsFlags, output: Output): Promise<number> {
  const state = stateFolder(process.env);
  const past = runCalled(state, word);
  const { record, events } = past;
  const folder = runFolder(state, record.run);
  if (json === true) {
    output.result(`${JSON.stringify(runJson(past))}\n`);
    return Promise.resolve(0);
  }
  if (verbose === true)
    output.result(
      events
        .flatMap((event) => plainLine(event, output.resultColours) ?? [])
        .map((line) => `${line}\n`)
        .join(''),
    );
  const { args, cwd, of } = record;
  output.result(
    runStory(
      { ...runLine(past), args, cwd, of, folder, state: past.state, next: nextSteps(past, state) },
      output.resultColours,
    ),
  );
  return Promise.resolve(0);
}

function runLine({ record, state }: PastRun): RunLine {
  const { run, startedAt, command, inventory, owner } = record;
  const result = runOutcome(state, lifeOf(record.process));
  return { run, startedAt, command, inventory, owner, result, exit: state.finished?.exit ?? null };
}

function runJson(past: PastRun): object {
  const { record, state, events } = past;
  const { process: mark, flags: _, ...told } = record;
  return {
    ...told,
    ...runLine(past),
    pid: mark.pid,
    seconds: state.finished?.seconds,
    stopped: state.stopped,
    takenBackBy: state.takenBackBy,
    died: state.died !== undefined,
    hosts: Object.fromEntries([...state.hosts.values()].map((host) => [host.host, hostJson(host)])),
    events: events.length,
  };
}

/** What can be typed now; nothing while it runs. */
function nextSteps(past: PastRun, folder: string): readonly string[] {
  const { record, state } = past;
  if (state.finished === undefined && lifeOf(record.process) === 'alive') return [];
  const left = hostsLeft(past, keptPlan(folder, record.run));
  const standing = [...standingChanges(past).values()].some(({ size }) => size > 0);
  const { run, inventory } = record;
  return [
    ...(left.length === 0 ? [] : [`gwfleet runs resume ${run}   (${hostWord(left.length)} not through)`]),
    ...(standing && state.takenBackBy.length === 0
      ? [`gwfleet rollback ${nearPath(inventory)} ${run}   (takes its changes back)`]
      : []),
  ];
}
