/**
 * One webserver of a watch: one connection that stays, one exec a round that waits for nothing and leaves nothing. It
 * looks through the gateways it is there for, and through all of them after a miss: only the comparison tells whose
 * fault it is. One that is away is tried again, less and less often.
 */
import type { Answers, Sight } from '../fleet/watch-vote.ts';
import type { Remote } from '../remote/remote.ts';
import {
  type Probe,
  probeName,
  readThrough,
  type ThroughAnswer,
  type ThroughOrder,
  throughScript,
} from '../tasks/through.ts';
import { type RunContext, targetOf } from './context.ts';
import { lookOver } from './look.ts';

export type WatchContext = Pick<
  RunContext,
  'connector' | 'targets' | 'stop' | 'commandTimeoutSeconds' | 'nonce' | 'nowMs' | 'sleep'
>;

/** What a webserver asks through a gateway. */
export interface Watched {
  readonly gateway: string;
  /** The gateway's inside address; undefined: it looks itself, because it has no address to carry others by. */
  readonly via: string | undefined;
  readonly probes: readonly Probe[];
  /** Its vote counts for this one: looked through in every round. */
  readonly isOwn: boolean;
}

export interface WatchHost {
  readonly name: string;
  /** Asks, unless an answer is still under way: that one is waited for. */
  look(): Promise<Sight>;
  close(): Promise<void>;
}

const probeSeconds = 1;
const longestPauseMs = 30_000;

/** How long a round waits for webservers that still answer something. */
export function patienceMs(watched: readonly Watched[]): number {
  return 1500 + 1000 * probeSeconds * Math.max(...watched.map(({ probes }) => probes.length));
}

export function watchHost(name: string, watched: readonly Watched[], context: WatchContext): WatchHost {
  let remote: Remote | undefined;
  let doubts = false;
  let pauseMs = 500;
  let notBeforeMs = 0;
  let lastWhy = '';
  let underWay: Promise<Sight> | undefined;
  const away = async (why: string): Promise<Sight> => {
    const dead = remote;
    remote = undefined;
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    notBeforeMs = context.nowMs() + pauseMs;
    lastWhy = why;
    await dead?.close();
    return { kind: 'absent', why };
  };
  const ask = async (): Promise<Sight> => {
    if (context.nowMs() < notBeforeMs) return { kind: 'absent', why: lastWhy };
    if (remote === undefined) {
      const connection = await context.connector.connect(targetOf(context, name), context.stop);
      if (!connection.ok) return away(connection.failure.message);
      ({ remote } = connection);
    }
    const sight = await sightOver(remote, { watched, isWhole: doubts, context });
    if (sight.kind === 'absent') return away(sight.why);
    pauseMs = 500;
    doubts = [...sight.through.values()].some((answers) => [...answers.values()].includes(false));
    return sight;
  };
  return {
    name,
    look: () => {
      underWay ??= ask();
      const answer = underWay;
      const read = (): void => {
        if (underWay === answer) underWay = undefined;
      };
      return answer.finally(read);
    },
    close: async () => {
      const over = new AbortController();
      await Promise.race([underWay, context.sleep(patienceMs(watched), over.signal)]);
      over.abort();
      await remote?.close();
    },
  };
}

interface LookThrough {
  readonly watched: readonly Watched[];
  readonly isWhole: boolean;
  readonly context: WatchContext;
}

async function sightOver(remote: Remote, { watched, isWhole, context }: LookThrough): Promise<Sight> {
  const asked = isWhole ? watched : watched.filter(({ isOwn }) => isOwn);
  const orders = asked.map(
    ({ via, probes }): ThroughOrder => ({ via, probes, timeoutSeconds: probeSeconds, retries: 0 }),
  );
  const looked = await lookOver(
    remote,
    {
      script: (mark) => throughScript(mark, orders),
      read: (mark, stdout) => readThrough(mark, orders, stdout),
      timeoutSeconds: 10 + patienceMs(watched) / 1000,
    },
    context,
  );
  if ('why' in looked) return { kind: 'absent', why: looked.why };
  const through = asked.flatMap(({ gateway, probes }, index): [string, Answers][] => {
    const answers = answersOf(probes, looked.seen[index]);
    return answers.size === 0 ? [] : [[gateway, answers]];
  });
  const [problem] = looked.seen.flatMap((answer) => answer.problem ?? unknownIn(answer));
  if (through.length === 0) return { kind: 'absent', why: problem ?? 'it looked at nothing' };
  return { kind: 'saw', through: new Map(through), whole: asked.length === watched.length };
}

/** Probes that the host could not ask say nothing. */
function answersOf(probes: readonly Probe[], answer: ThroughAnswer | undefined): Answers {
  if (answer === undefined || answer.problem !== undefined) return new Map();
  return new Map(
    probes.flatMap((probe, at): [string, boolean][] => {
      const result = answer.answers[at]?.result ?? 'unknown';
      return result === 'unknown' ? [] : [[probeName(probe), result === 'ok']];
    }),
  );
}

function unknownIn({ answers }: ThroughAnswer): readonly string[] {
  return answers.flatMap(({ result, why }) => (result === 'unknown' ? [why] : []));
}
