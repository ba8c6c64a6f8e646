/**
 * The fleet that everybody works on: one gateway for ten webservers. It can be put back to bare hosts, says whether the
 * job is done (kernel state, and packets through every gateway), and counts what came in over ssh.
 */
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { insideAddress, layoutOf, machinesOf, type Sizes } from '../../../src/lab/addressing.ts';
import { labDown } from '../../../src/lab/down.ts';
import { labExec } from '../../../src/lab/exec.ts';
import { labUp } from '../../../src/lab/up.ts';
import { type Distance, farAway } from './distance.ts';
import { rest } from './rest.ts';

export interface Cost {
  readonly wall: number;
  /** Seconds of user and system time of the whole process tree. */
  readonly cpu: number;
  /** MiB of the whole process tree. */
  readonly peak: number;
  readonly execsPerHost: number;
  readonly kibPerHost: number;
}

export interface Ground extends AsyncDisposable {
  readonly folder: string;
  readonly gateways: readonly string[];
  readonly webservers: readonly string[];
  readonly distance: Distance | undefined;
  /** Runs it in the controller's network. Throws when it fails: a figure of a failed run says nothing. */
  cost(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<Cost>;
  bare(): Promise<void>;
  /** Throws where a host does not have what the job is to bring. */
  verify(): Promise<void>;
}

const measured = fileURLToPath(new URL('../test/bench/push/measured.py', import.meta.url));
const talkative = `sed -i '1i LogLevel VERBOSE' /etc/ssh/sshd_config; kill -HUP "$(cat /run/sshd.pid)"`;
const bareGateway = `
echo 0 > /proc/sys/net/ipv4/ip_forward
ip -4 -o addr show dev eth1 | sed -n 's/.* inet \\([0-9.]*\\/[0-9]*\\).* eth1:.*/\\1/p' | while read -r alias; do ip addr del "$alias" dev eth1; done
for table in filter nat mangle raw; do iptables -t $table -F; iptables -t $table -X; done
iptables -P INPUT ACCEPT; iptables -P FORWARD ACCEPT
nft list tables | sed -n 's/^table \\([a-z]* gwfleet.*\\)/\\1/p' | while read -r table; do nft delete table $table; done
rm -rf /run/gwfleet/* /var/lib/gwfleet/* /etc/sysctl.d/*gwfleet*
conntrack -F 2>&1`;
const bareWebserver = 'ip -4 route flush default; rm -rf /run/gwfleet/* /var/lib/gwfleet/*';
const gatewayDone = `
[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] && [ "$(ip -4 -o addr show dev eth1 | wc -l)" = 6 ] &&
iptables -S FORWARD | grep -qx -e '-P FORWARD DROP' && iptables-save -t nat | grep -q SNAT`;

/** @param rtt milliseconds of round trip between the controller and every host. */
export async function openGround(name: string, hosts: number, rtt: number): Promise<Ground> {
  const gateways = Math.ceil(hosts / 11);
  const sizes = { gateways, webservers: hosts - gateways };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void labDown(name).finally(() => process.exit(99)));
  const { folder } = await labUp({ name, ...sizes });
  const width = Math.max(2, String(hosts - gateways).length);
  const names = {
    gateways: Array.from({ length: gateways }, (_, i) => `gw${i + 1}`),
    webservers: Array.from(
      { length: hosts - gateways },
      (_, i) => `web${String(i + 1).padStart(width, '0')}`,
    ),
  };
  const all = [...names.gateways, ...names.webservers];
  const limit = pLimit(8);
  const on = (where: readonly string[], script: string): Promise<readonly string[]> =>
    Promise.all(where.map((host) => limit(() => run(name, host, ['sh', '-c', script]))));
  const distance = await prepared(name, async () => {
    await on(all, talkative);
    return rtt > 0 ? await farAway(name, rtt, addressesOf(sizes)) : undefined;
  });
  const execs = async (): Promise<number> =>
    sum(await on(all, `grep -c 'Starting session' /var/log/sshd.log || true`));
  const bytes = async (): Promise<number> =>
    sum(
      (await run(name, 'controller', ['awk', '$1 == "eth0:" { print $2 + $10 }', '/proc/net/dev'])).split(
        '\n',
      ),
    );
  const counters = async () => ({ execs: await execs(), bytes: await bytes() });
  return {
    folder,
    ...names,
    distance,
    cost: async (argv, env = {}) => {
      const before = await counters();
      await rest();
      const { code, stdout, stderr } = await labExec(name, 'controller', ['python3', measured, ...argv], {
        env,
      });
      const after = await counters();
      const cost = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Cost & { readonly code: number };
      if (code !== 0 || cost.code !== 0)
        throw new Error(`${argv.join(' ')}: exit ${cost.code}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
      return {
        wall: cost.wall,
        cpu: cost.cpu,
        peak: cost.peak,
        execsPerHost: (after.execs - before.execs) / all.length,
        kibPerHost: (after.bytes - before.bytes) / all.length / 1024,
      };
    },
    bare: async () => {
      await on(names.gateways, bareGateway);
      await on(names.webservers, bareWebserver);
    },
    verify: async () => {
      await on(names.gateways, gatewayDone);
      const used = await on(names.webservers, `ip -4 route show default | grep -o 'via [0-9.]*'`);
      const through = new Map(used.map((via, index) => [via, names.webservers[index] ?? '']));
      if (through.size !== names.gateways.length) throw new Error(`only ${through.size} gateways are used`);
      await on([...through.values()], 'curl -sfm 20 -o /dev/null http://198.51.100.7/');
    },
    [Symbol.asyncDispose]: async () => {
      await labDown(name);
    },
  };
}

/** Leaves nothing behind where a lab cannot be made what it is to be. */
async function prepared<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await labDown(name);
    throw error;
  }
}

function addressesOf(sizes: Sizes): readonly string[] {
  return machinesOf(layoutOf(sizes)).map(insideAddress);
}

async function run(name: string, host: string, argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await labExec(name, host, argv, { timeoutSeconds: 120 });
  if (code !== 0) throw new Error(`${host}: ${argv.join(' ')}: exit ${code} ${stderr}${stdout}`);
  return stdout.trim();
}

function sum(numbers: readonly string[]): number {
  return numbers.reduce((total, text) => total + Number(text), 0);
}
