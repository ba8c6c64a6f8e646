/**
 * How a watch tells what changes: one line a change, for people or for programs, and a heartbeat; or the screen, where
 * somebody looks at one.
 */
import type { News, Verdict, WatchState } from '../../fleet/watch-verdict.ts';
import { newsLine, watchHeartbeat } from '../../render/watch-text.ts';
import { hasLiveTerminal } from '../display.ts';
import type { Hold } from '../hold.ts';
import type { Output } from '../output.ts';
import type { WatchFlags } from './watch.ts';

export interface Voice {
  /** Who looks through whom from here on. */
  begun(watchers: ReadonlyMap<string, readonly string[]>): void;
  round(verdict: Verdict): void;
  /** A line, and what a program reads of it. */
  readonly told: (line: string, data: VoiceData) => void;
  close(): void;
}

export interface VoiceData {
  readonly type: string;
  readonly [name: string]: unknown;
}

export interface VoiceOrder {
  readonly path: string;
  readonly flags: WatchFlags;
  readonly output: Output;
  readonly hold: Hold;
  /** What `q` asks for: no further round. */
  readonly end: () => void;
  readonly isEnding: () => boolean;
  /** Gateway -> webservers that the inventory sends through it now. */
  readonly carried: () => ReadonlyMap<string, number>;
}

const heartbeatMs = 60_000;

export async function openVoice(order: VoiceOrder): Promise<Voice> {
  const { json, progress } = order.flags;
  if (json === true) return lineVoice(order);
  const draws = progress === 'tty' || (progress === 'auto' && process.stdout.isTTY && hasLiveTerminal());
  if (!draws) return lineVoice(order);
  const { watchScreen } = await import('./watch-screen.ts');
  return watchScreen(order);
}

/** `watching gw1 from web01 web02; gw2 by itself`. */
export function watchingLine(watchers: ReadonlyMap<string, readonly string[]>, failsOver: boolean): string {
  const who = [...watchers]
    .map(([gateway, names]) =>
      names[0] === gateway ? `${gateway} by itself` : `${gateway} from ${names.join(' ')}`,
    )
    .join('; ');
  return `watching ${who}${failsOver ? '' : '; without --failover it only tells'}`;
}

/** What of a round is worth a line. */
export function toldNews(news: readonly News[], { path, flags }: VoiceOrder, told: Voice['told']): void {
  for (const one of news) {
    const line = newsLine(one, { inventory: path, failsOver: flags.failover === true });
    if (line !== undefined) told(line, one);
  }
}

function lineVoice(order: VoiceOrder): Voice {
  const { flags, output } = order;
  const { json, progress } = flags;
  const isQuiet = progress === 'quiet' && json !== true;
  let rounds = 0;
  let newest: WatchState = { gateways: new Map(), webservers: new Map() };
  const told: Voice['told'] = (message, data) => {
    if (isQuiet && (data.type === 'watching' || data.type === 'webserver')) return;
    const at = new Date().toISOString();
    const isJson = json === true || progress === 'jsonl';
    output.result(isJson ? `${JSON.stringify({ v: 1, at, ...data, message })}\n` : `${at} ${message}\n`);
  };
  const beat = setInterval(() => output.tell(`${watchHeartbeat(newest, rounds)}\n`), heartbeatMs);
  if (isQuiet) clearInterval(beat);
  return {
    begun: (watchers) => {
      const failover = flags.failover === true;
      told(watchingLine(watchers, failover), {
        ...{ type: 'watching', watchers: Object.fromEntries(watchers), failover },
      });
    },
    round: ({ state, news }) => {
      newest = state;
      rounds += 1;
      toldNews(news, order, told);
    },
    told,
    close: () => clearInterval(beat),
  };
}
