/**
 * `gateway remove`: drained like `gateway drain`, then what gwfleet has put on it is taken away, then it goes out of
 * the inventory. `--gone` is for a machine that is no more: nothing is asked of it.
 */
import type { PlayPlan } from '../../plan/plan.ts';
import type { HostTask } from '../../plan/probe.ts';
import type { PlayRequest } from '../../run/plan-fleet.ts';
import { checkedFlags } from '../apply-flags.ts';
import { conduct } from '../conduct.ts';
import { withWishes, writeWish } from '../inventory-write.ts';
import type { Output } from '../output.ts';
import { type Request, readRequest } from '../request.ts';
import { UsageError } from '../usage.ts';
import { gatewayIn, readGround } from './ground.ts';
import { type LeaveFlags, type Leaving, leavingOf, letGo, writeState } from './leaving.ts';
import { gatewayPlays } from './roll-request.ts';
import { rollingGiven } from './rolling.ts';

interface RemoveFlags extends LeaveFlags {
  readonly gone?: true;
  readonly lastGateway?: true;
}

export async function gatewayRemove(
  path: string,
  name: string,
  given: object,
  output: Output,
): Promise<number> {
  const flags = checkedFlags(rollingGiven(given)) as RemoveFlags;
  const { request, movers, counted } = removalOf(path, name, flags);
  // Whatever the file cannot be rid of is said before anything is touched.
  withWishes(path, [{ kind: 'remove', host: name }]);
  const cleans = (play: PlayPlan): boolean => play.batches.flat().includes(name);
  let begun = false;
  return conduct({
    command: 'gateway remove',
    args: [path, name],
    mode: flags.check === true || flags.dryRun === true ? 'dry' : 'wet',
    request,
    question: () => `Remove ${name}: ${movers}, then it leaves ${path}?`,
    interludes: (context) => ({
      drainsFirst: cleans,
      before: (play, _index, standing) => {
        if (!begun && counted !== undefined) writeState({ path, name }, 'draining', context);
        begun = true;
        return cleans(play) && counted !== undefined
          ? letGo(counted, standing, context)
          : Promise.resolve(undefined);
      },
      after: () => {
        writeWish(path, { kind: 'remove', host: name });
        context.emit({ type: 'note', message: `${name} is out of ${path}` });
        return Promise.resolve(undefined);
      },
    }),
    flags,
    output,
  });
}

interface Removal {
  readonly request: (becomePassword?: string) => Request;
  /** In words for the question. */
  readonly movers: string;
  /** Undefined: nobody moves, or nobody can count. */
  readonly counted: Leaving | undefined;
}

function removalOf(path: string, name: string, flags: RemoveFlags): Removal {
  const clean = (password?: string): readonly PlayRequest[] =>
    flags.gone === true ? [] : cleaningPlays(readRequest(path, flags, { becomePassword: password }), name);
  if (flags.lastGateway === true)
    return {
      ...lastOne(path, name, flags),
      request: (password) =>
        withPlays(readRequest(path, flags, { becomePassword: password }), clean(password)),
    };
  const drain = flags.gone === true ? false : flags;
  const leaving = leavingOf(path, name, { flags, drain });
  return {
    request: (password) => {
      const moves = leaving.request(password);
      return withPlays(moves, [...moves.fleet.plays, ...clean(password)]);
    },
    movers:
      flags.gone === true
        ? `${leaving.movers.length} webservers move at once`
        : `${leaving.movers.length} webservers move, then it is cleaned`,
    counted: flags.gone === true ? undefined : leaving,
  };
}

function lastOne(path: string, name: string, flags: RemoveFlags): Pick<Removal, 'movers' | 'counted'> {
  const ground = readGround(path, name, flags);
  gatewayIn(ground);
  const others = [...ground.fleet.gateways.values()].filter(
    (one) => one.name !== name && one.state === 'active',
  );
  if (others.length > 0)
    throw new UsageError(
      `${name} is not the last active gateway: there is ${others.map((one) => one.name).join(' ')}`,
      'leave --last-gateway away',
    );
  return {
    movers: `${ground.fleet.webservers.size} webservers LOSE their way out, it is cleaned`,
    counted: undefined,
  };
}

function withPlays(request: Request, plays: readonly PlayRequest[]): Request {
  return { ...request, fleet: { ...request.fleet, plays } };
}

/** In the reverse order of the building: it stops to forward first, so that nothing leaves untranslated. */
function cleaningPlays(request: Request, name: string): readonly PlayRequest[] {
  const [first, ...more] = gatewayPlays(request, name);
  if (first === undefined) return [];
  const tasks = [first, ...more].flatMap((play) => play.tasks.get(name) ?? []).toReversed();
  const cleaning = tasks.flatMap(cleaned);
  return [{ ...first, name: `${name} is cleaned`, pattern: name, tasks: new Map([[name, cleaning]]) }];
}

function cleaned(task: HostTask): readonly HostTask[] {
  // The table stays as large as it is; only its files go.
  const goes = ['ruleset', 'aliases', 'conntrack'].includes(task.type);
  if (goes) return [{ ...task, absent: true }];
  return task.type === 'sysctl' && JSON.stringify(task.args).includes('net.ipv4.ip_forward')
    ? [{ ...task, name: 'Forward no packets', args: { 'net.ipv4.ip_forward': 0 }, forgotten: true }]
    : [];
}
