/**
 * `failover`: the webservers of a gateway that does not work go elsewhere, all at once and without a drain, because
 * what they had through it is lost anyway. First it is asked whether it is really dead: alive, it would hide the fault.
 * The file says `standby` before the first one moves, so any later command carries on.
 */
import { moversOf } from '../../fleet/movers.ts';
import { gatewayLife, type Life } from '../../run/gateway-alive.ts';
import { checkedFlags } from '../apply-flags.ts';
import { conduct } from '../conduct.ts';
import { withWishes } from '../inventory-write.ts';
import type { Output } from '../output.ts';
import { readRequest } from '../request.ts';
import { UsageError } from '../usage.ts';
import { type Ground, gatewayIn, readGround, settingsOf } from './ground.ts';
import { stateWish, writeState } from './leaving.ts';
import { lookoutsOf, movePlays } from './roll-request.ts';
import { type RollingFlags, rollingGiven } from './rolling.ts';

interface FailoverFlags extends RollingFlags {
  readonly force?: true;
}

/** More would not know better, and each costs a connection in a hurry. */
const witnesses = 3;

export async function failover(path: string, name: string, given: object, output: Output): Promise<number> {
  const flags = checkedFlags(rollingGiven(given)) as FailoverFlags;
  const ground = readGround(path, name, flags);
  const via = settingsOf(gatewayIn(ground)).internalAddress;
  requireOthers(ground);
  const files = withWishes(path, [stateWish(name, 'standby')]);
  const movers = moversOf(ground.fleet, name);
  const others = [...ground.fleet.webservers.keys()].filter((web) => !movers.includes(web));
  const lookouts = lookoutsOf(ground.inventory, [...movers, ...others]).slice(0, witnesses);
  let begun = false;
  return conduct({
    command: 'failover',
    args: [path, name],
    mode: flags.check === true || flags.dryRun === true ? 'dry' : 'wet',
    request: (becomePassword) => {
      const whole = readRequest(path, flags, { becomePassword, files });
      const rolling = { serial: [{ count: 0 }], canary: null, soakSeconds: 0 };
      const move = {
        webservers: movers,
        others,
        drain: false,
        probes: 'left out',
        rolling: () => rolling,
      } as const;
      return { ...whole, fleet: { ...whole.fleet, plays: movePlays(whole, move) } };
    },
    question: () =>
      `Fail over from ${name}: ${movers.length} webservers move at once, what they have through it is lost?`,
    interludes: (context) => ({
      before: async () => {
        if (begun) return undefined;
        begun = true;
        const life = await gatewayLife(via, lookouts, context);
        if (flags.force !== true && life.kind !== 'dead') return refusal(name, life);
        context.emit({ type: 'note', message: told(name, life) });
        writeState({ path, name }, 'standby', context);
        return undefined;
      },
    }),
    flags,
    output,
  });
}

function requireOthers({ name, fleet }: Ground): void {
  const others = [...fleet.gateways.values()].filter((one) => one.name !== name && one.state === 'active');
  if (others.length === 0)
    throw new UsageError(
      `there is no other active gateway to take over from ${name}`,
      'add one first: gwfleet gateway add',
    );
}

function refusal(name: string, life: Exclude<Life, { kind: 'dead' }>): string {
  return life.kind === 'alive'
    ? `${name} is not dead: ${life.by} reaches its probes through it; move gently with gateway drain, or say --force`
    : `whether ${name} is dead is not known (${life.why}); say --force when you know`;
}

function told(name: string, life: Life): string {
  if (life.kind === 'dead') return `${name} carries nobody: ${life.by.join(' ')} reach nothing through it`;
  return life.kind === 'alive'
    ? `${name} still answers ${life.by}; forced`
    : `nobody knows whether ${name} is dead; forced`;
}
