/**
 * What addresses need that go from one twin to the other, in any command that moves them. Before a gateway gets them:
 * it forgets what it remembers of them. After they are taken from one that stands by: the twin announces them once
 * more, because neighbours may have believed the other one, and nothing else would tell them.
 */
import { readFleet } from '../fleet/fleet.ts';
import type { Gateway } from '../fleet/model.ts';
import { gatewaySettings } from '../inventory/domain.ts';
import type { Inventory } from '../inventory/model.ts';
import { type HostPlan, hasChanges, type Plan, type PlayPlan } from '../plan/plan.ts';
import type { RunContext } from '../run/context.ts';
import type { Interludes } from '../run/interlude.ts';
import { lookAt } from '../run/look.ts';
import { announceScript, forgetScript, readDone } from '../tasks/changed-owner.ts';

interface Order {
  readonly inventory: Inventory;
  readonly plan: Plan;
}

/** The interludes of a command, and this between its plays. */
export function withTwinCare(own: Interludes, { inventory, plan }: Order, context: RunContext): Interludes {
  const { gateways } = readFleet(inventory).fleet;
  const twins = [...gateways.values()].filter(({ twin }) => twin !== undefined);
  if (twins.length === 0) return own;
  const changing = (play: PlayPlan | undefined, addresses: Gateway['addresses']): readonly Gateway[] =>
    twins.filter((one) => one.addresses === addresses && play?.hosts.some((host) => isOf(host, one)));
  const announced = async (play: PlayPlan | undefined): Promise<void> => {
    for (const { twin } of changing(play, 'at its twin')) {
      const owner = gateways.get(twin ?? '');
      // One that gets them in this run announces them by itself.
      const gets = plan.plays.some(({ hosts }) =>
        hosts.some((host) => owner !== undefined && isOf(host, owner)),
      );
      if (owner !== undefined && !gets) await announce(owner, context);
    }
  };
  return {
    ...own,
    before: async (play, index, standing) => {
      await announced(plan.plays[index - 1]);
      const why = await own.before?.(play, index, standing);
      if (why !== undefined) return why;
      for (const one of changing(play, 'here'))
        await lookAt(one.name, { script: (mark) => forgetScript(mark, one.pool), read: readDone }, context);
      return undefined;
    },
    after: async (standing) => {
      await announced(plan.plays.at(-1));
      return own.after?.(standing);
    },
  };
}

/** Its addresses come or go in this plan. */
function isOf(host: HostPlan, { name }: Gateway): boolean {
  return (
    host.host === name &&
    host.kind === 'planned' &&
    hasChanges(host) &&
    host.tasks.some(({ type, changes }) => type === 'aliases' && changes.length > 0)
  );
}

async function announce({ name, host, pool }: Gateway, context: RunContext): Promise<void> {
  const { settings } = gatewaySettings(host);
  if (settings === undefined) return;
  const script = (mark: string) => announceScript(mark, settings.externalInterface, pool);
  const looked = await lookAt(name, { script, read: readDone }, context);
  const message =
    'why' in looked
      ? `${name} could not announce its addresses again: ${looked.why}`
      : `${name} announces its ${looked.seen} addresses again`;
  context.emit({ type: 'note', host: name, message });
}
