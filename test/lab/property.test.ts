/**
 * For any inventory and any state of the hosts: what is applied is what was planned, and afterwards the plan is empty.
 * Real hosts, so the runs are few; a failure prints the seed and the smallest case. GWFLEET_RUNS asks for more.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TaskPlan } from '../../src/plan/plan.ts';
import { taskTypes } from '../../src/tasks/registry.ts';
import { fleet } from './fleet.ts';

const { GWFLEET_RUNS: runs = '4', GWFLEET_SEED: seed } = process.env;

/** Single disorders of a gateway; N are the tens of its addresses. */
const gatewayDisorder = fc.oneof(
  fc
    .tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(24, 25, 32),
      fc.constantFrom('', ' label eth1:3', ' label eth1:x'),
    )
    .map(([last, prefix, label]) => `ip addr add 203.0.113.N${last}/${prefix} dev eth1${label}`),
  fc.integer({ min: 0, max: 9 }).map((last) => `ip addr add 203.0.113.N${last}/32 dev lo`),
  fc.integer({ min: 1, max: 9 }).map((last) => `ip addr del 203.0.113.N${last}/24 dev eth1`),
  fc
    .tuple(fc.constantFrom('GWFLEET-SNAT', 'POSTROUTING'), fc.integer({ min: 1, max: 4 }))
    .map(([chain, line]) => `iptables -t nat -D ${chain} ${line}`),
  fc
    .tuple(fc.constantFrom('GWFLEET-FORWARD', 'FORWARD', 'INPUT'), fc.integer({ min: 1, max: 6 }))
    .map(([chain, line]) => `iptables -D ${chain} ${line}`),
  fc
    .tuple(
      fc.constantFrom('GWFLEET-FORWARD', 'FORWARD', 'GWFLEET-INPUT'),
      fc.constantFrom('-j ACCEPT', '-p tcp -j DROP', '-j GWFLEET-FORWARD'),
    )
    .map(([chain, rule]) => `iptables -I ${chain} 1 -i eth7 ${rule}`),
  fc.constantFrom(
    'iptables -P FORWARD ACCEPT',
    'iptables -F; iptables -t nat -F',
    'iptables -F GWFLEET-INPUT; iptables -D INPUT -j GWFLEET-INPUT; iptables -X GWFLEET-INPUT',
    'iptables -t nat -A POSTROUTING -o eth1 -j SNAT --to-source 203.0.113.N0-203.0.113.N5',
    'echo 0 > /proc/sys/net/ipv4/ip_forward',
    'echo 600 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established',
    ':',
  ),
);

const webDisorder = fc.constantFrom(
  'ip route del default',
  'ip route replace default via 10.0.0.1',
  'ip route replace default via 10.0.0.2 metric 10',
  'ip route add default via 10.0.0.9 metric 0',
  'ip route add default via 10.0.0.9 dev eth0 metric 300 proto dhcp',
  ':',
);

/** What the inventory says of a gateway; the tens come with the host. */
const gatewayVars = fc.record({
  snat_pool: fc.oneof(
    fc
      .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 5, max: 9 }))
      .map(([a, b]) => `203.0.113.N${a}-203.0.113.N${b}`),
    fc.integer({ min: 0, max: 9 }).map((last) => `203.0.113.N${last}`),
  ),
  spread: fc.constantFrom('connection', 'hash', 'client', 'range'),
  style: fc.constantFrom('hardened', 'hardened', 'seed'),
});

const scene = fc.record({
  gateways: fc.tuple(gatewayVars, gatewayVars),
  standby: fc.boolean(),
  disorder: fc.record({
    gw1: fc.array(gatewayDisorder, { maxLength: 6 }),
    gw2: fc.array(gatewayDisorder, { maxLength: 6 }),
    web01: fc.array(webDisorder, { maxLength: 3 }),
    web02: fc.array(webDisorder, { maxLength: 3 }),
  }),
});

interface Told {
  readonly plan: { readonly plays: readonly { readonly hosts: readonly PlannedHost[] }[] };
}
interface PlannedHost {
  readonly host: string;
  readonly tasks: readonly TaskPlan[];
}

it('whatever the hosts and the inventory are, the plan is carried out, and then nothing is left to do', async () => {
  const lab = await fleet({ gateways: 2, webservers: 2 });
  const inventory = `${lab.folder}/generated.yaml`;
  const gwfleet = async (expected: number[], ...args: string[]) => {
    const { code, stdout, stderr } = await lab.gwfleet([...args.slice(0, 1), inventory, ...args.slice(1)]);
    expect(expected, `exit ${code}\n${stdout}${stderr}`).toContain(code);
    return stdout;
  };
  const settings = {
    numRuns: Number(runs),
    endOnFailure: true,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
  await fc.assert(
    fc.asyncProperty(scene, async ({ gateways, standby, disorder }) => {
      const text = await lab.run('controller', ['cat', lab.inventory]);
      await lab.run('controller', ['sh', '-c', 'cat > "$0"', inventory], {
        input: withVariables(text, gateways, standby),
      });
      for (const [host, lines] of Object.entries(disorder)) {
        // Some disorders meet a host that is not so disordered: then they are none.
        await lab.run(host, `${lines.map((line) => `{ ${tens(line, host)}; } 2>/dev/null`).join('\n')}\n:`);
      }
      const planned = toldIn(await gwfleet([0], 'plan', '--json'));
      await gwfleet([0], 'apply', '--yes', '--json');
      const after = toldIn(await gwfleet([0], 'plan', '--json', '--exit-code'));
      expect(differences(planned, after)).toEqual([]);
    }),
    settings,
  );
});

function tens(text: string, host: string): string {
  return text.replaceAll('.N', host === 'gw2' ? '.2' : '.1');
}

/** The lab's inventory with other pools, spreads, styles and states. */
function withVariables(text: string, gateways: readonly [Vars, Vars], standby: boolean): string {
  return text.replaceAll(
    /^( *)(gw[12]): \{ ansible_host: ([\d.]+), .*$/gm,
    (_, space: string, host: string, address: string) => {
      const { snat_pool: pool, spread, style } = gateways[host === 'gw1' ? 0 : 1];
      const state = standby && host === 'gw2' ? 'standby' : 'active';
      return `${space}${host}: { ansible_host: ${address}, snat_pool: ${tens(pool, host)}, spread: ${style === 'seed' ? 'range' : spread}, ruleset_style: ${style}, gateway_state: ${state} }`;
    },
  );
}

interface Vars {
  readonly snat_pool: string;
  readonly spread: string;
  readonly style: string;
}

function toldIn(stdout: string): Told {
  return JSON.parse(stdout) as Told;
}

/** Where a host is not as the plan promised, in the words of the task types themselves. */
function differences(planned: Told, after: Told): readonly string[] {
  const seen = new Map(tasksOf(after).map(({ host, task }) => [`${host} ${task.object}`, task.from]));
  const promised = new Map(tasksOf(planned).map(({ host, task }) => [`${host} ${task.object}`, task]));
  return [...promised].flatMap(([object, { type, to }]) => {
    const changes = taskTypes.get(type)?.changes(seen.get(object) ?? null, drained(to)) ?? [];
    return changes.map(({ action, kind, name }) => `${object}: ${action} ${kind} ${name}`);
  });
}

function tasksOf({ plan }: Told): readonly { readonly host: string; readonly task: TaskPlan }[] {
  return plan.plays.flatMap(({ hosts }) =>
    hosts.flatMap(({ host, tasks }) => tasks.map((task) => ({ host, task }))),
  );
}

/** The run has waited until what leaves the pool is gone, and old connections of a moved route have ended. */
function drained(to: TaskPlan['to']): TaskPlan['to'] {
  if (typeof to !== 'object' || to === null) return to;
  const over = { leaving: [], drain: null };
  return Object.fromEntries(
    Object.entries(to).map(([key, value]) => [key, key in over ? over[key as keyof typeof over] : value]),
  );
}
