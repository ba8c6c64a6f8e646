/** How a look is told, once or again and again, and what the exit code says of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { statusText } from '../render/status-text.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { FleetStatus } from '../status/model.ts';
import { prometheusText } from '../status/prometheus.ts';
import { writeAtomically } from './look-memory.ts';
import type { Output } from './output.ts';
import type { StatusFlags } from './status.ts';
import { UsageError } from './usage.ts';

export interface Telling {
  readonly flags: StatusFlags;
  readonly output: Output;
  readonly stop: AbortSignal;
  readonly look: () => Promise<FleetStatus>;
}

const defaultWatchSeconds = 5;

/** Looking may take a tenth of the time at most: a full table costs its gateway CPU at each look. */
const mostOfTheTime = 0.1;

export async function tellStatus(telling: Telling): Promise<number> {
  const { flags, stop, look } = telling;
  if (flags.watch !== undefined)
    return watch(telling, flags.watch === true ? defaultWatchSeconds : flags.watch);
  const status = await look();
  const exit = stop.aborted ? exitCodes.interrupted : exitOf(status, flags);
  tell(status, exit, telling);
  return exit;
}

/** Ends with Ctrl-C, which is the way to leave and no mishap. */
async function watch(telling: Telling, seconds: number): Promise<number> {
  const { stop, look, output, flags } = telling;
  let exit: number = exitCodes.asWanted;
  for (;;) {
    const began = performance.now();
    const status = await look();
    const tookMs = performance.now() - began;
    if (isAborted(stop)) return exit;
    exit = exitOf(status, flags);
    if (flags.prometheus !== true && process.stdout.isTTY) output.result('\u001b[H\u001b[2J');
    tell(status, exit, telling);
    const pauseMs = Math.max(seconds * 1000, tookMs / mostOfTheTime);
    if (flags.prometheus !== true)
      output.result(`${status.at}; again in ${Math.round(pauseMs / 1000)} s, Ctrl-C ends\n`);
    await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    if (isAborted(stop)) return exit;
  }
}

/** A call, because the compiler takes a signal that was not aborted once for one that never is. */
function isAborted(stop: AbortSignal): boolean {
  return stop.aborted;
}

function tell(status: FleetStatus, exit: number, { flags, output }: Telling): void {
  if (flags.json === true) output.result(`${JSON.stringify({ command: 'status', exit, ...status })}\n`);
  else if (flags.prometheus !== true) output.result(statusText(status, columns(), output.resultColours));
  else if (flags.out === undefined) output.result(prometheusText(status));
  else writeMetrics(flags.out, prometheusText(status));
}

/** node_exporter runs as another user: the file must be readable for it. */
function writeMetrics(file: string, text: string): void {
  try {
    writeAtomically(file, text, 0o644);
  } catch (error) {
    throw new UsageError(
      `the metrics cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function columns(): number {
  const width = process.stdout.isTTY ? process.stdout.columns : Number(process.env['COLUMNS']);
  return width >= 20 ? width : 80;
}

/** 2: hosts failed, or with --exit-code something is to be acted on; 4: hosts could not be reached. */
function exitOf(status: FleetStatus, { exitCode }: StatusFlags): number {
  const results = new Set([...status.gateways, ...status.webservers].map(({ result }) => result));
  if (results.has('failed')) return exitCodes.failed;
  if (
    exitCode === true &&
    (status.level === 'alarm' || status.level === 'warning') &&
    !onlyUnreachable(status)
  )
    return exitCodes.failed;
  return results.has('unreachable') ? exitCodes.unreachable : exitCodes.asWanted;
}

function onlyUnreachable({ alarms, gateways, webservers }: FleetStatus): boolean {
  const away = new Set(
    [...gateways, ...webservers].filter(({ result }) => result === 'unreachable').map(({ host }) => host),
  );
  return alarms.every(({ host }) => away.has(host));
}
