/**
 * `watch`: looks through every gateway all the time and tells what changes; with `--failover` a gateway that does not
 * carry is failed over, by the same errand that a person would type, under the inventory's lock and with a journal.
 */
import { randomBytes } from 'node:crypto';
import type { Verdict } from '../../fleet/watch-verdict.ts';
import type { Inventory } from '../../inventory/model.ts';
import { exitCodes } from '../../report/exit-code.ts';
import type { WatchContext } from '../../run/watch-host.ts';
import { isAborted, watchRounds } from '../../run/watch-rounds.ts';
import { requireTerminal } from '../display.ts';
import type { Flags, LookFlags } from '../flags.ts';
import { openHold } from '../hold.ts';
import { enterLab } from '../lab-entry.ts';
import type { Output } from '../output.ts';
import { askBecomePassword } from '../question.ts';
import { type Request, readRequest } from '../request.ts';
import { onSignals } from '../signals.ts';
import { furtherTargets } from '../targets.ts';
import { tellDiagnostics } from '../told.ts';
import { UsageError } from '../usage.ts';
import { openWayIn } from '../way-in.ts';
import { openOwnFailover, sleepUntil } from './watch-failover.ts';
import { carriedOf, watchPlanOf } from './watch-plan.ts';
import { openVoice } from './watch-voice.ts';

export interface WatchFlags extends LookFlags, Pick<Flags, 'progress'> {
  readonly failover?: true;
  /** Seconds between the beginnings of two rounds. */
  readonly interval: number;
}

/** Ends with Ctrl-C, which is the way to leave and no mishap. */
export async function watch(path: string, given: object, output: Output): Promise<number> {
  const flags = checked(given as WatchFlags);
  const read = (becomePassword?: string): Request =>
    readRequest(path, { ...flags, tags: [], skipTags: [] }, { becomePassword });
  const bare = read();
  let plan = watchPlanOf(path, bare.inventory);
  const entered = await enterLab(bare.inventory);
  if (entered !== undefined) return entered;
  const becomePassword = await askBecomePassword(flags);
  const request = becomePassword === undefined ? bare : read(becomePassword);
  output.hide(request.secrets);
  if (request.warnings.length > 0) tellDiagnostics(request.warnings, output);
  const targetsOf = ({ watched }: typeof plan) =>
    furtherTargets(request.inventory, watched.keys(), { flags, becomePassword });
  const connector = await openWayIn(targetsOf(plan), { flags: {}, output });
  const stop = new AbortController();
  // Ends the rounds alone, and is new for each plan; a stop ends them, too.
  let again = new AbortController();
  const takenOver = (): void => again.abort();
  const end = (): void => {
    stop.abort();
    again.abort();
  };
  const forget = onSignals(() => {
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    end();
  });
  const context = {
    connector,
    commandTimeoutSeconds: 30,
    nonce: () => `gwf-${randomBytes(12).toString('hex')}`,
    nowMs: () => performance.timeOrigin + performance.now(),
    sleep: sleepUntil,
  };
  const hold = openHold();
  const voice = await openVoice({
    ...{ path, flags, output, hold, end },
    isEnding: () => stop.signal.aborted,
    carried: carriedNow(() => read(becomePassword).inventory),
  });
  const own = openOwnFailover({ path, flags, output, stop: stop.signal, told: voice.told, takenOver });
  const told = (verdict: Verdict): void => {
    own.round(verdict.state);
    voice.round(verdict);
    for (const one of verdict.news) if (one.type === 'due') own.begin(one.gateway);
  };
  try {
    while (!isAborted(stop.signal)) {
      voice.begun(plan.watchers);
      const order = {
        ...plan,
        intervalMs: flags.interval * 1000,
        ready: () => hold.wait(again.signal),
        told,
      };
      await watchRounds(order, {
        ...context,
        targets: targetsOf(plan),
        stop: again.signal,
      } satisfies WatchContext);
      again = new AbortController();
      if (!isAborted(stop.signal)) plan = watchPlanOf(path, read(becomePassword).inventory);
    }
    return await own.ended();
  } finally {
    voice.close();
    forget();
    await connector.close();
  }
}

/** A file that somebody is just writing leaves the counts as they were. */
function carriedNow(inventory: () => Inventory): () => ReadonlyMap<string, number> {
  let newest: ReadonlyMap<string, number> = new Map();
  return () => {
    try {
      newest = carriedOf(inventory());
    } catch {
      // The rounds go on with what is known.
    }
    return newest;
  };
}

function checked(flags: WatchFlags): WatchFlags {
  if (flags.progress === 'tty') requireTerminal();
  if (flags.failover === true && flags.askBecomePass === true)
    throw new UsageError(
      'nobody may be there to type the password of a failover (-K)',
      'put ansible_become_password in a file given with -e @file',
    );
  return flags;
}
