/** What `gateway add` does between the plays: the pool is free, the gateway is proven, the inventory says so. */
import type { Wish } from '../../inventory/edit.ts';
import type { PlayPlan } from '../../plan/plan.ts';
import type { RunContext } from '../../run/context.ts';
import {
  gatewayFaults,
  type NewGateway,
  type Proof,
  poolIsFree,
  proveGateway,
} from '../../run/gateway-proof.ts';
import type { Interludes } from '../../run/interlude.ts';
import { writeWish } from '../inventory-write.ts';
import type { Addition } from './addition.ts';
import { type Ground, gatewayIn, settingsOf } from './ground.ts';
import type { Lookout } from './roll-request.ts';

interface Adding {
  readonly after: Ground;
  readonly addition: Addition;
  readonly lookout: Lookout | undefined;
}

export function addSteps({ after, addition, lookout }: Adding, context: RunContext): Interludes {
  const { path, name } = after;
  const gateway: NewGateway = { name, ...settingsOf(gatewayIn(after)) };
  const done = new Set<string>();
  const write = (wish: Wish, words: string): void => {
    writeWish(path, wish);
    context.emit({ type: 'note', message: `${name} stands as ${words} in ${path}` });
  };
  const stand = async (): Promise<string | undefined> => {
    for (const wish of addition.standing) write(wish, 'standby');
    return told(await poolIsFree(gateway, context));
  };
  const prove = async (): Promise<string | undefined> => {
    const proof =
      lookout === undefined ? gatewayFaults(gateway, context) : proveGateway(gateway, lookout, context);
    const problem = told(await proof);
    if (problem !== undefined) return `${name} is not proven: ${problem}; nobody moves`;
    write(addition.activating, 'active');
    return undefined;
  };
  const told = (proof: Proof): string | undefined => {
    if ('problem' in proof) return proof.problem;
    context.emit({ type: 'note', message: proof.said });
    return undefined;
  };
  const once = async (step: () => Promise<string | undefined>): Promise<string | undefined> => {
    if (done.has(step.name)) return undefined;
    done.add(step.name);
    return step();
  };
  return {
    before: (play: PlayPlan) => once(play.batches.flat().includes(name) ? stand : prove),
    after: () => once(prove),
  };
}
