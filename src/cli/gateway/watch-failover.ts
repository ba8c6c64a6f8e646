/**
 * The failover that a watch begins on its own: one at a time, for a gateway that is not standby already.
 * Where another command holds the inventory it is tried again, as long as that gateway alone is down.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WatchState } from '../../fleet/watch-verdict.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { tellFailure } from '../failure.ts';
import type { Output } from '../output.ts';
import { failover } from './failover.ts';
import { gatewayIn, readGround } from './ground.ts';
import type { WatchFlags } from './watch.ts';
import type { Voice } from './watch-voice.ts';

export interface OwnFailover {
  /** What is known now. */
  round(state: WatchState): void;
  begin(gateway: string): void;
  /** Waits for one that is under way; its exit code, or 0. */
  ended(): Promise<number>;
}

export interface OwnFailoverOrder {
  readonly path: string;
  readonly flags: WatchFlags;
  readonly output: Output;
  readonly stop: AbortSignal;
  readonly told: Voice['told'];
  /** A twin carries now: others are to be looked through. */
  readonly takenOver: () => void;
}

const againMs = 5000;

export function openOwnFailover(order: OwnFailoverOrder): OwnFailover {
  let newest: WatchState | undefined;
  let underWay: Promise<number> | undefined;
  const isAlone = (name: string): boolean =>
    [...(newest?.gateways ?? [])].every(([one, { state }]) => (state === 'down') === (one === name));
  return {
    round: (state) => {
      newest = state;
    },
    begin: (gateway) => {
      if (order.flags.failover !== true) return;
      const before = underWay;
      const own = (async () => {
        await before;
        return carriedOut(gateway, () => isAlone(gateway), order);
      })();
      underWay = own;
      void own.finally(() => {
        if (underWay === own) underWay = undefined;
      });
    },
    ended: async () => (await underWay) ?? exitCodes.asWanted,
  };
}

async function carriedOut(name: string, isAlone: () => boolean, order: OwnFailoverOrder): Promise<number> {
  const { path, flags, stop, told } = order;
  const ended = (line: string, exit: number): number => {
    told(line, { type: 'failover', gateway: name, exit });
    return exit;
  };
  for (let tries = 1; ; tries += 1) {
    const exit = await attempt(name, order);
    if (exit === 'standby')
      return ended(
        `${name} stands as standby in ${path}: nobody is moved; while it is down, no other is failed over on my own`,
        exitCodes.asWanted,
      );
    if (exit === exitCodes.asWanted) {
      if (gatewayIn(readGround(path, name, flags)).twin !== undefined) order.takenOver();
      return ended(`failover from ${name} is done`, exit);
    }
    if (exit !== exitCodes.staleOrLocked)
      return ended(
        `failover from ${name} ended with exit ${exit}; this carries it on: gwfleet failover ${path} ${name}`,
        exit,
      );
    if (tries === 1)
      told(`failover from ${name} waits: it is tried again every 5 s`, {
        ...{ type: 'failover', gateway: name, exit, waits: true },
      });
    await sleepUntil(againMs, stop);
    if (stop.aborted) return exit;
    if (!isAlone()) return ended(`failover from ${name} is not begun on my own any more`, exit);
  }
}

/** What it says goes to stderr: stdout is the watch's own. */
async function attempt(name: string, { path, flags, output }: OwnFailoverOrder): Promise<number | 'standby'> {
  const aside: Output = { ...output, result: (text) => output.tell(text) };
  try {
    if (gatewayIn(readGround(path, name, flags)).state === 'standby') return 'standby';
    const { json: _json, failover: _failover, interval: _interval, ...common } = flags;
    const given = { ...common, yes: true, guard: true, progress: 'plain' };
    return await failover(path, name, given, aside);
  } catch (error) {
    return tellFailure(error, aside, 'words');
  }
}

/** An end before the time is no error. */
export async function sleepUntil(ms: number, until?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, until === undefined ? {} : { signal: until }).catch(() => undefined);
}
