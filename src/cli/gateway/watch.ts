/**
 * `watch`: looks through every gateway all the time and tells what changes; with `--failover` a gateway that does not
 * carry is failed over, by the same errand that a person would type, under the inventory's lock and with a journal.
 */
import { randomBytes } from 'node:crypto';
import type { News, WatchState } from '../../fleet/watch-verdict.ts';
import { newsLine, watchHeartbeat } from '../../render/watch-text.ts';
import { exitCodes } from '../../report/exit-code.ts';
import type { WatchContext } from '../../run/watch-host.ts';
import { isAborted, watchRounds } from '../../run/watch-rounds.ts';
import type { Flags } from '../flags.ts';
import { enterLab } from '../lab-entry.ts';
import type { Output } from '../output.ts';
import { askBecomePassword } from '../question.ts';
import { type Request, readRequest } from '../request.ts';
import { onSignals } from '../signals.ts';
import { furtherTargets } from '../targets.ts';
import { tellDiagnostics } from '../told.ts';
import { UsageError } from '../usage.ts';
import { openWayIn } from '../way-in.ts';
import { type OwnFailover, openOwnFailover, sleepUntil } from './watch-failover.ts';
import { watchPlanOf } from './watch-plan.ts';

export interface WatchFlags
  extends Pick<
    Flags,
    'playbook' | 'extraVars' | 'user' | 'privateKey' | 'become' | 'askBecomePass' | 'forks' | 'json'
  > {
  readonly failover?: true;
  /** Seconds between the beginnings of two rounds. */
  readonly interval: number;
}

const heartbeatMs = 60_000;

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
  const forget = onSignals(() => {
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    stop.abort();
    again.abort();
  });
  const context = {
    connector,
    commandTimeoutSeconds: 30,
    nonce: () => `gwf-${randomBytes(12).toString('hex')}`,
    nowMs: () => performance.timeOrigin + performance.now(),
    sleep: sleepUntil,
  };
  const voice = openVoice(path, flags, output);
  const own = openOwnFailover({ path, flags, output, stop: stop.signal, told: voice.told, takenOver });
  const beat = setInterval(() => output.tell(`${voice.heartbeat()}\n`), heartbeatMs);
  try {
    while (!isAborted(stop.signal)) {
      voice.begun(plan.watchers);
      const order = {
        ...plan,
        intervalMs: flags.interval * 1000,
        told: (news: readonly News[], state: WatchState) => heard(news, state, { voice, own }),
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
    clearInterval(beat);
    forget();
    await connector.close();
  }
}

function heard(
  news: readonly News[],
  state: WatchState,
  { voice, own }: { readonly voice: Voice; readonly own: OwnFailover },
): void {
  voice.round(state);
  own.round(state);
  for (const one of news) {
    voice.news(one);
    if (one.type === 'due') own.begin(one.gateway);
  }
}

function checked(flags: WatchFlags): WatchFlags {
  if (flags.failover === true && flags.askBecomePass === true)
    throw new UsageError(
      'nobody may be there to type the password of a failover (-K)',
      'put ansible_become_password in a file given with -e @file',
    );
  return flags;
}

interface Voice {
  readonly begun: (watchers: ReadonlyMap<string, readonly string[]>) => void;
  readonly round: (state: WatchState) => void;
  readonly news: (news: News) => void;
  /** A line, and what a program reads of it. */
  readonly told: (line: string, data: object) => void;
  readonly heartbeat: () => string;
}

function openVoice(inventory: string, { json, failover }: WatchFlags, output: Output): Voice {
  const words = { inventory, failsOver: failover === true };
  let rounds = 0;
  let newest: WatchState = { gateways: new Map(), webservers: new Map() };
  const told = (message: string, data: object): void => {
    const at = new Date().toISOString();
    output.result(
      json === true ? `${JSON.stringify({ v: 1, at, ...data, message })}\n` : `${at} ${message}\n`,
    );
  };
  return {
    begun: (watchers) => {
      const who = [...watchers]
        .map(([gateway, names]) =>
          names[0] === gateway ? `${gateway} by itself` : `${gateway} from ${names.join(' ')}`,
        )
        .join('; ');
      told(`watching ${who}${words.failsOver ? '' : '; without --failover it only tells'}`, {
        type: 'watching',
        watchers: Object.fromEntries(watchers),
        failover: words.failsOver,
      });
    },
    round: (state) => {
      newest = state;
      rounds += 1;
    },
    news: (news) => {
      const line = newsLine(news, words);
      if (line !== undefined) told(line, news);
    },
    told,
    heartbeat: () => watchHeartbeat(newest, rounds),
  };
}
