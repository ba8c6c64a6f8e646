/** How a look is told, once or again and again, and what the exit code says of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { statusText } from '../render/status-text.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { FleetStatus } from '../status/model.ts';
import { prometheusText } from '../status/prometheus.ts';
import { hasLiveTerminal } from './display.ts';
import { writeAtomically } from './look-memory.ts';
import type { Output } from './output.ts';
import type { StatusFlags } from './status.ts';
import type { StatusScreen } from './status-screen.ts';
import { sizeNow } from './terminal-size.ts';
import { UsageError } from './usage.ts';

export interface Telling {
  readonly flags: StatusFlags;
  readonly output: Output;
  readonly stop: AbortSignal;
  readonly look: () => Promise<FleetStatus>;
  /** What a key of the screen asks for; the same as Ctrl-C. */
  readonly end: () => void;
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

/** Ends with Ctrl-C, which is the way to leave and no mishap. On a terminal the last look stays there as text. */
async function watch(telling: Telling, seconds: number): Promise<number> {
  const { stop, look, output, flags } = telling;
  const screen = await screenFor(telling);
  let last: FleetStatus | undefined;
  let exit: number = exitCodes.asWanted;
  try {
    while (!isAborted(stop)) {
      const began = performance.now();
      const status = await look();
      if (isAborted(stop)) break;
      const pauseMs = Math.max(seconds * 1000, (performance.now() - began) / mostOfTheTime);
      exit = exitOf(status, flags);
      last = status;
      if (screen === undefined) tellAgain(status, exit, telling, pauseMs);
      else screen.show(status, pauseMs);
      await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    }
  } finally {
    screen?.close();
  }
  if (screen !== undefined && last !== undefined)
    output.result(statusText(last, columns(), output.resultColours));
  return exit;
}

/** A screen of its own where somebody looks; text after text where it goes into a pipe or a file. */
async function screenFor({ flags, output, end }: Telling): Promise<StatusScreen | undefined> {
  if (flags.prometheus === true || !process.stdout.isTTY || !hasLiveTerminal()) return undefined;
  const { statusScreen } = await import('./status-screen.ts');
  return statusScreen(output, end);
}

function tellAgain(status: FleetStatus, exit: number, telling: Telling, pauseMs: number): void {
  tell(status, exit, telling);
  if (telling.flags.prometheus !== true)
    telling.output.result(`${status.at}; again in ${Math.round(pauseMs / 1000)} s, Ctrl-C ends\n`);
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
  const width = process.stdout.isTTY ? sizeNow(process.stdout)[0] : Number(process.env['COLUMNS']);
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
