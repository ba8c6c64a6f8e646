/**
 * `gateway add`: a gateway that nobody uses yet is configured, proven end to end, and only then does the inventory say
 * `active` and webservers move. The order makes a kill -9 at any moment harmless: before the proof the file says
 * `standby` and nobody has moved, after it any `apply` carries on, and so does the same command.
 */
import { moversOf } from '../../fleet/movers.ts';
import { checkedFlags } from '../apply-flags.ts';
import { conduct } from '../conduct.ts';
import { withWishes } from '../inventory-write.ts';
import type { Output } from '../output.ts';
import { type Request, readRequest } from '../request.ts';
import { UsageError } from '../usage.ts';
import { addSteps } from './add-steps.ts';
import { type AddFlags, additionOf } from './addition.ts';
import { type Ground, readGround } from './ground.ts';
import { gatewayPlays, type Lookout, lookoutsOf, type Move, movePlays } from './roll-request.ts';
import { rollingGiven, rollingOf } from './rolling.ts';

export async function gatewayAdd(path: string, name: string, given: object, output: Output): Promise<number> {
  const flags: AddFlags = checkedFlags(rollingGiven(given));
  const addition = additionOf(readGround(path, name, flags), flags);
  const files = withWishes(path, [...addition.standing, addition.activating]);
  const after = readGround(path, name, flags, files);
  const movers = moversOf(after.fleet, name);
  const lookout = requiredLookout(after, movers, flags);
  const request = (becomePassword?: string): Request =>
    addRequest(readRequest(path, flags, { becomePassword, files }), { name, movers, flags });
  return conduct({
    command: 'gateway add',
    args: [path, name],
    mode: flags.check === true || flags.dryRun === true ? 'dry' : 'wet',
    request,
    question: () => `Configure ${name}, prove it, and then move ${movers.length} webservers to it?`,
    interludes: (context) => addSteps({ after, addition, lookout }, context),
    flags,
    output,
  });
}

interface Roll {
  readonly name: string;
  readonly movers: readonly string[];
  readonly flags: AddFlags;
}

function addRequest(whole: Request, { name, movers, flags }: Roll): Request {
  const { playbook, fleet } = whole;
  const own = gatewayPlays(whole, name);
  const moves = movePlays(whole, {
    webservers: movers,
    others: [],
    ...drainGiven(flags),
    rolling: (index) => rollingOf(playbook?.plays[index], flags),
  });
  if (own.length > 0 && (movers.length === 0 || moves.length > 0))
    return { ...whole, fleet: { ...fleet, plays: [...own, ...moves] } };
  const missing =
    own.length === 0 ? `no task for ${name}` : 'no default_route for webservers, so nobody can move';
  throw new UsageError(`${fleet.playbook} has ${missing}`, 'name another playbook with -p');
}

function drainGiven({ deadline, then }: AddFlags): Pick<Move, 'drain'> {
  if (deadline === undefined && then === undefined) return {};
  // biome-ignore lint/suspicious/noThenProperty: the users' word
  return { drain: { deadline: deadline ?? 600, then: then ?? 'leave' } };
}

/** Undefined: there is nobody who could look, or it was said that nobody shall. */
function requiredLookout(
  { fleet, inventory, name }: Ground,
  movers: readonly string[],
  flags: AddFlags,
): Lookout | undefined {
  if (!flags.probe || fleet.webservers.size === 0) return undefined;
  const [lookout] = lookoutsOf(inventory, movers.length > 0 ? movers : [...fleet.webservers.keys()]);
  if (lookout !== undefined) return lookout;
  throw new UsageError(
    `the webservers have no probes, so nothing can be proven of ${name} before they move to it`,
    'give them some, like probes: [{tcp: "198.51.100.7:443"}], or do without: --no-probe',
  );
}
