/**
 * The pool on the gateway: one alias for each pool address, `eth1:0`, `eth1:1` ... It owns the pool's addresses
 * wherever they are and every `<interface>:<number>` label on the interface; other addresses are nobody's business.
 */
import { type Static, Type } from '@sinclair/typebox';
import { aliasesBoot } from './aliases/boot.ts';
import { drained, usualDrain, waitingFor } from './aliases/leaving.ts';
import { aliasChanges } from './aliases/lines.ts';
import { applyAliases } from './aliases/script.ts';
import { probeAliases, readAliases } from './aliases/seen.ts';
import type { AliasesState } from './aliases/state.ts';
import { noAliases, wantedAliases } from './aliases/wanted.ts';
import { aliasesTouch } from './aliases/way-in.ts';
import { drainArgument } from './drain-args.ts';
import { closedObject, interfaceName, poolAddresses, poolProblems, poolSpec } from './network-args.ts';
import type { TaskType } from './task-type.ts';

const schema = closedObject({
  interface: interfaceName('the public side, `eth1`'),
  addresses: poolSpec('the pool: a range `A-B`, a CIDR, one address, or a list of these'),
  drain: Type.Optional(
    drainArgument({
      deadline:
        'how long a run waits for the last connection of an address that leaves the pool: `30s`, `10m`, `2h`',
      left: '`leave` keeps what still has connections, and a later apply carries on; `cut` deletes it, and says how many broke',
      off: '`false`: an address that leaves is deleted at once; else it goes after its last connection (default: 30s, leave)',
    }),
  ),
});

export type AliasesArgs = Static<typeof schema>;

const doc = `Each address of the pool that is not the interface's own first address becomes an alias of the interface,
with the prefix and the broadcast address of the first one and the label \`eth1:0\`, \`eth1:1\` ... in the order of
the pool. An alias keeps its number as long as it stays in the pool; a new one takes the lowest number that is free.
An address outside the subnet of the first one (it is routed to the gateway) gets /32.

What it owns: the pool's addresses wherever they are on the host (one on a wrong interface is moved), and everything
labelled with the interface's name and a number. Other addresses stay as they are.

An address that leaves the pool drains: the rules let go of it (a \`ruleset\` of the same play), then the run waits for
its connections to end, up to \`drain.deadline\`, then it is deleted. TIME_WAIT is an end: nobody misses it. What has
connections after the deadline stays where it is (\`then: leave\`), takes no new ones, and goes with a later apply; or it
is cut. Connections on other addresses never notice. Nothing is kept on the host for this: draining is what has an
alias' label, is not in the pool, and is in no SNAT rule, so a run that was killed is simply carried on by the next.

New addresses come before old ones go, and each new one is announced by gratuitous ARP. The first address of the
interface is never deleted; the address by which gwfleet came in only with --allow-cut. 

Over a restart they are kept in the words of whoever owns the interface: a drop-in of systemd-networkd, a netplan file,
a NetworkManager profile (which carries no labels), a hook of ifupdown, ifcfg files, or a unit of gwfleet's own. An
address that drains is in none of them.`;

export const aliases: TaskType<AliasesArgs, AliasesState> = {
  name: 'aliases',
  summary: 'One alias on the interface for each address of the pool',
  doc,
  examples: [
    {
      title: 'Six addresses to leave by',
      args: { interface: 'eth1', addresses: '203.0.113.10-203.0.113.15' },
    },
    {
      title: 'A pool with a gap',
      args: { interface: 'eth1', addresses: ['203.0.113.10-203.0.113.12', '203.0.113.20'] },
    },
    {
      title: 'An address that leaves has ten minutes, and not longer',
      args: {
        interface: 'eth1',
        addresses: '203.0.113.10-203.0.113.13',
        // biome-ignore lint/suspicious/noThenProperty: the users' word
        drain: { deadline: '10m', then: 'cut' },
      },
    },
  ],
  schema: Type.Unsafe<AliasesArgs>(schema),
  problems: ({ addresses }) => poolProblems('addresses', addresses),
  object: (args) => `aliases ${args.interface}`,
  probe: ({ interface: device, addresses }) => probeAliases(device, poolAddresses(addresses)),
  read: (output, { interface: device, addresses }) => readAliases(output, device, poolAddresses(addresses)),
  desired: (args, seen, facts) => {
    if (seen.kind === 'unknown') return { kind: 'refused', why: `the addresses are unknown: ${seen.why}` };
    const state = seen.kind === 'present' ? seen.state : noAliases(args.interface, facts);
    return wantedAliases(
      { pool: poolAddresses(args.addresses), drain: args.drain ?? usualDrain },
      state,
      facts,
    );
  },
  changes: aliasChanges,
  waiting: waitingFor,
  settled: drained,
  apply: applyAliases,
  boot: (to, facts, from) => aliasesBoot(to, facts, from ?? null),
  bootName: (args) => `gwfleet-aliases-${args.interface}`,
  undo: 'turned',
  touches: 'reachability',
  wayIn: aliasesTouch,
};
