/**
 * The rules of a gateway: who is forwarded and by which address it leaves. Style `hardened` lives in own chains
 * and leaves everything else alone; style `seed` holds the tables filter and nat as a whole, like the recipe of 2007.
 */
import { type Static, Type } from '@sinclair/typebox';
import { formatNetwork, parseNetwork } from '../address/ipv4.ts';
import { poolRanges } from '../address/pool.ts';
import { subshell } from '../shell/sh.ts';
import { type Rules, rulesGone, rulesParts } from './boot/rules.ts';
import {
  addressProblems,
  closedObject,
  interfaceName,
  networkProblems,
  poolAddresses,
  poolProblems,
  poolSpec,
} from './network-args.ts';
import { remembered } from './remembered.ts';
import { rulesetChanges } from './ruleset/lines.ts';
import { rulesetManual } from './ruleset/manual.ts';
import type { Sticky } from './ruleset/rules.ts';
import { applyRuleset, bootRuleset, probeRuleset, wholeTables } from './ruleset/script.ts';
import { readRuleset } from './ruleset/seen.ts';
import { type Chain, type Owner, program, type RulesetState } from './ruleset/state.ts';
import { noRules, type OpenIntent, wantedChains, wantedRuleset } from './ruleset/wanted.ts';
import { rulesetTouch } from './ruleset/way-in.ts';
import { failedProbe } from './steps.ts';
import type { ArgsProblem, TaskType } from './task-type.ts';

const sticky = Type.Union([
  closedObject({ to: Type.String({ description: 'a destination, an address or a network' }) }),
  closedObject({
    port: Type.Integer({ minimum: 1, maximum: 65535, description: 'a destination port' }),
    protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp')], { description: 'of the port' }),
  }),
  Type.String({ minLength: 1, description: 'as in the inventory: a destination, `tcp/21`, `udp/5060`' }),
  Type.Integer({ minimum: 1, maximum: 65535, description: 'a destination port of TCP and UDP' }),
]);

const schema = closedObject({
  internal: interfaceName('the private side, `eth0`'),
  external: interfaceName('the public side, `eth1`'),
  network: Type.String({ description: 'what may leave, `10.0.0.0/8`' }),
  pool: poolSpec('the addresses to leave by: a range `A-B`, a CIDR, one address, or a list of these'),
  spread: Type.Optional(
    Type.Union(
      [Type.Literal('connection'), Type.Literal('hash'), Type.Literal('client'), Type.Literal('range')],
      { description: 'how connections choose an address: `connection` (default), `hash`, `client`, `range`' },
    ),
  ),
  style: Type.Optional(
    Type.Union([Type.Literal('hardened'), Type.Literal('seed')], {
      description: '`hardened` (default): own chains; `seed`: whole tables, the recipe of 2007',
    }),
  ),
  sticky: Type.Optional(
    Type.Union([Type.Array(sticky), Type.Null()], {
      description: 'destinations or ports whose clients must keep one address',
    }),
  ),
  management: Type.Optional(
    Type.Array(Type.String(), {
      description: 'pool addresses that keep their services open, besides the primary and the way in',
    }),
  ),
});

export type RulesetArgs = Static<typeof schema>;

type StickyArg = Static<typeof sticky>;

export const ruleset: TaskType<RulesetArgs, RulesetState> = {
  name: 'ruleset',
  summary: 'Who is forwarded, and by which address of the pool it leaves',
  doc: rulesetManual(),
  examples: [
    {
      title: 'Round robin over six addresses',
      args: {
        internal: 'eth0',
        external: 'eth1',
        network: '10.0.0.0/8',
        pool: '203.0.113.10-203.0.113.15',
      },
    },
    {
      title: 'A bank that wants to see one address',
      args: {
        internal: 'eth0',
        external: 'eth1',
        network: '10.0.0.0/8',
        pool: ['203.0.113.10-203.0.113.12', '203.0.113.20'],
        spread: 'connection',
        sticky: [{ to: '198.51.100.0/24' }, { port: 25, protocol: 'tcp' }],
      },
    },
    {
      title: 'The recipe of 2007',
      args: {
        internal: 'eth0',
        external: 'eth1',
        network: '10.0.0.0/8',
        pool: '203.0.113.10-203.0.113.15',
        spread: 'range',
        style: 'seed',
      },
    },
  ],
  schema: Type.Unsafe<RulesetArgs>(schema),
  problems,
  object: () => 'ruleset',
  probe: (args) => probeRuleset(ownerOf(args), spellable(args)),
  read: (output, args) => {
    if (output.code !== 0) return failedProbe(output);
    const state = readRuleset(output.stdout, ownerOf(args), spellable(args));
    if (state === undefined) return { kind: 'unknown', why: 'the rules could not be read to their end' };
    return { kind: 'present', state };
  },
  desired: (args, seen, facts) => {
    if (seen.kind === 'unknown') return { kind: 'refused', why: `the rules are unknown: ${seen.why}` };
    const none = noRules(ownerOf(args), facts);
    return wantedRuleset(intentOf(args), seen.kind === 'present' ? seen.state : none, facts);
  },
  changes: rulesetChanges,
  apply: applyRuleset,
  boot: (to, facts) => (to === null ? rulesGone(facts.boot) : rulesParts(rulesOf(to), facts.boot)),
  bootName: () => 'gwfleet-ruleset',
  undo: 'turned',
  touches: 'reachability',
  wayIn: rulesetTouch,
};

function rulesOf(to: RulesetState): Rules {
  const load = subshell(bootRuleset(to));
  if (to.owner.style !== 'seed') return { load };
  return { load, tables: { text: wholeTables(to.chains), restore: program(to.backend, 'restore') } };
}

const intentOf = remembered(
  (args: RulesetArgs): OpenIntent => ({
    internal: args.internal,
    external: args.external,
    network: args.network,
    pool: poolAddresses(args.pool),
    spread: args.spread ?? 'connection',
    sticky: (args.sticky ?? []).flatMap(stickyRules),
    management: args.management ?? [],
  }),
);

/** The wanted chains as far as they are known without the host. */
const spellable = remembered((args: RulesetArgs): readonly Chain[] => {
  const intent = intentOf(args);
  return wantedChains(args.style ?? 'hardened', { ...intent, closed: intent.pool });
});

const ownerOf = remembered((args: RulesetArgs): Owner => {
  const { internal, external, network, pool } = intentOf(args);
  const parsed = parseNetwork(network);
  return {
    style: args.style ?? 'hardened',
    internal,
    external,
    network: parsed === undefined ? network : formatNetwork(parsed),
    single: pool.length === 1 ? (pool[0] ?? '') : '',
  };
});

function problems(args: RulesetArgs): readonly ArgsProblem[] {
  const found = [
    ...networkProblems(['network'], args.network),
    ...poolProblems('pool', args.pool),
    ...(args.sticky ?? []).flatMap((one, i) => stickyProblems(one, ['sticky', i])),
    ...(args.management ?? []).flatMap((address, i) => addressProblems(['management', i], address)),
  ];
  if (args.internal === args.external) {
    const message = `internal and external are both ${args.internal}`;
    found.push({ path: ['external'], message });
  }
  return found.length > 0 ? found : rangeProblems(args);
}

function stickyProblems(one: StickyArg, path: readonly (string | number)[]): readonly ArgsProblem[] {
  const place = typeof one === 'object' ? [...path, 'to'] : path;
  return stickyRules(one).flatMap((rule) => {
    if ('to' in rule)
      return rule.to.includes('/') ? networkProblems(place, rule.to) : addressProblems(place, rule.to);
    const fine = rule.port >= 1 && rule.port <= 65_535;
    return fine ? [] : [{ path: place, message: `${rule.port} is not a port; ports end at 65535` }];
  });
}

/** The inventory writes `198.51.100.0/24`, `21` (TCP and UDP) and `udp/5060`. */
function stickyRules(one: StickyArg): readonly Sticky[] {
  if (typeof one === 'object') return [one];
  const [, protocol, port] = /^(?:(tcp|udp)\/)?(\d+)$/.exec(String(one)) ?? [];
  if (port === undefined) return [{ to: String(one) }];
  const protocols = (['tcp', 'udp'] as const).filter((name) => protocol === undefined || name === protocol);
  return protocols.map((name) => ({ port: Number(port), protocol: name }));
}

/** iptables takes one range in a rule and no more. */
function rangeProblems({ pool, spread, style }: RulesetArgs): readonly ArgsProblem[] {
  const needs =
    style === 'seed' ? 'style: seed' : spread === 'client' || spread === 'range' ? `spread: ${spread}` : '';
  if (needs === '' || poolRanges(poolAddresses(pool)).length === 1) return [];
  const message = `${needs} needs a pool that is one range without gaps, in ascending order`;
  return [{ path: ['pool'], message, hint: 'use spread: connection, which takes any pool' }];
}
