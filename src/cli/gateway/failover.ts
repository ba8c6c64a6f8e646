/**
 * `failover`: the webservers of a gateway that does not work go elsewhere, all at once and without a drain. What they
 * had through it is lost anyway, unless a twin takes its addresses: then live connections go on. First it is asked
 * whether it is really dead: alive, it would hide the fault. The file says who stands by before the first one moves,
 * so the same command carries on.
 */
import { hasChanges, type Plan } from '../../plan/plan.ts';
import type { RunContext } from '../../run/context.ts';
import { gatewayLife, type Life } from '../../run/gateway-alive.ts';
import { checkedFlags } from '../apply-flags.ts';
import { conduct } from '../conduct.ts';
import { withWishes, writeWishes } from '../inventory-write.ts';
import type { Output } from '../output.ts';
import { readRequest } from '../request.ts';
import { type FailoverFlags, failoverPlays, type Takeover, takeoverOf } from './failover-plays.ts';
import { gatewayIn, readGround, settingsOf } from './ground.ts';
import { lookoutsOf } from './roll-request.ts';
import { rollingGiven } from './rolling.ts';

/** More would not know better, and each costs a connection in a hurry. */
const witnesses = 3;

/** A person may think about a plan for longer than what was seen before it is worth. */
const freshMs = 20_000;

export async function failover(path: string, name: string, given: object, output: Output): Promise<number> {
  const flags = checkedFlags({ twin: true, ...rollingGiven(given) }) as FailoverFlags;
  const ground = readGround(path, name, flags);
  const via = settingsOf(gatewayIn(ground)).internalAddress;
  const takeover = takeoverOf(ground, flags);
  const files = withWishes(path, takeover.wishes);
  const lookouts = lookoutsOf(ground.inventory, [...takeover.movers, ...takeover.others]).slice(0, witnesses);
  const life = lifeAsked((context) => gatewayLife(via, lookouts, context));
  return conduct({
    command: 'failover',
    args: [path, name],
    mode: flags.check === true || flags.dryRun === true ? 'dry' : 'wet',
    request: (becomePassword) => {
      const whole = readRequest(path, flags, { becomePassword, files });
      return { ...whole, fleet: { ...whole.fleet, plays: failoverPlays(whole, takeover) } };
    },
    question: () => questionOf(takeover),
    early: (context) => life.begin(context),
    interludes: (context, plan) => {
      const begin = once(() =>
        begun({ path, takeover, plan, isForced: flags.force === true, life }, context),
      );
      return { before: begin };
    },
    flags,
    output,
  });
}

interface Beginning {
  readonly path: string;
  readonly takeover: Takeover;
  readonly plan: Plan;
  readonly isForced: boolean;
  readonly life: LifeAsked;
}

/** Why it is not begun; undefined once the file says who stands by. */
async function begun(
  { path, takeover, plan, isForced, life }: Beginning,
  context: RunContext,
): Promise<string | undefined> {
  const { name, twin, isDone } = takeover;
  const note = (message: string): void => context.emit({ type: 'note', message });
  const hosts = plan.plays.flatMap((play) => play.hosts);
  if (isDone && !hosts.some((host) => hasChanges(host) || host.kind === 'unplannable')) {
    note(`${name} is standby already, and nobody leaves through it`);
    return undefined;
  }
  const away = hosts.find((host) => host.host === twin && host.kind === 'unplannable');
  if (away?.kind === 'unplannable')
    return `its twin ${away.host} cannot take over: ${away.why}; --no-twin moves the webservers to other gateways`;
  const seen = await life.answer(context);
  if (!isForced && seen.kind !== 'dead') return refusal(name, seen);
  note(told(name, seen));
  if (twin !== undefined && !hosts.some((host) => host.host === name))
    note(
      `${name} cannot be asked to let go of its addresses: when it is back, run gwfleet apply at once, or it fights for them`,
    );
  writeWishes(path, takeover.wishes);
  note(
    twin === undefined
      ? `${name} stands as standby in ${path}`
      : `${twin} stands as active, ${name} as standby in ${path}`,
  );
  return undefined;
}

interface LifeAsked {
  begin(context: RunContext): void;
  answer(context: RunContext): Promise<Life>;
}

/** Asked while the hosts are looked at: alone it would cost three seconds. */
function lifeAsked(ask: (context: RunContext) => Promise<Life>): LifeAsked {
  let asked: { readonly atMs: number; readonly life: Promise<Life> } | undefined;
  return {
    begin: (context) => {
      asked = { atMs: context.nowMs(), life: ask(context) };
    },
    answer: (context) =>
      asked === undefined || context.nowMs() - asked.atMs > freshMs ? ask(context) : asked.life,
  };
}

function once(step: () => Promise<string | undefined>): () => Promise<string | undefined> {
  let isBegun = false;
  return () => {
    if (isBegun) return Promise.resolve(undefined);
    isBegun = true;
    return step();
  };
}

function questionOf({ name, twin, movers }: Takeover): string {
  return twin === undefined
    ? `Fail over from ${name}: ${movers.length} webservers move at once, what they have through it is lost?`
    : `Fail over from ${name} to its twin ${twin}, which takes its addresses: ${movers.length} webservers move at once, what they have through it goes on?`;
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
