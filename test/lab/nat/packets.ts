/**
 * A gateway between two empty namespaces, and hand-made packets through it (packets.py): every flow's fate is known
 * exactly. The rules are those of the task type `ruleset`, loaded by its own scripts. Nothing outside of the three
 * namespaces is touched.
 */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { formatAddress, parseAddress } from '../../../src/address/ipv4.ts';
import { type RulesetArgs, ruleset } from '../../../src/tasks/ruleset.ts';
import { type Backend, TaskNamespace } from '../task-namespace.ts';

// Tests and `npm run bench:nat` (which is bundled) both run in the project's folder.
const program = resolve('test/lab/nat/packets.py');

/** The first address of the pool: the gateway's own. */
const first = '203.0.113.10';

export function poolOf(addresses: number): string {
  return `${first}-${formatAddress((parseAddress(first) ?? 0) + addresses - 1)}`;
}

export interface Filled {
  readonly tried: number;
  /** Handshakes that were completed and are open at once. */
  readonly open: number;
  readonly pool: number;
  /** Entries that the gateway itself counts at the end. */
  readonly entries: number;
  readonly insertFailed: number;
  /** Part of the pool in use when the first connection was refused; null: none was. */
  readonly firstRefusal: number | null;
  readonly used: Readonly<Record<string, number>>;
  /** Per mille of the pool in use, tries there, refusals, microseconds a try. */
  readonly refused: readonly (readonly [number, number, number, number])[];
}

export interface Stormed {
  readonly flows: number;
  readonly lost: number;
  readonly leaked: number;
  readonly held: number;
  readonly moved: number;
  readonly silent: number;
  readonly by: Readonly<Record<string, number>>;
}

export interface Leaked {
  readonly sent: number;
  readonly leaked: number;
  readonly byKind: Readonly<Record<string, number>>;
}

export class PacketGateway {
  readonly gateway: TaskNamespace;
  readonly #inside = new TaskNamespace();
  readonly #outside = new TaskNamespace();

  constructor(backend: Backend = 'nft', addresses = 6) {
    this.gateway = new TaskNamespace(backend);
    const { gateway } = this;
    const inside = this.#inside;
    const outside = this.#outside;
    inside.sh(`ip link add in type veth peer name eth0 netns ${gateway.name}; ip link set in up`);
    outside.sh(`ip link add out type veth peer name eth1 netns ${gateway.name}; ip link set out up`);
    const mac = (side: TaskNamespace, device: string): string =>
      side.sh(`cat /sys/class/net/${device}/address`).trim();
    const aliases = Array.from({ length: addresses - 1 }, (_, i) => 11 + i);
    gateway.sh(`ip link set lo up; ip link set eth0 up; ip link set eth1 up
ip addr add 10.0.0.1/8 brd + dev eth0; ip addr add ${first}/24 brd + dev eth1
${aliases.map((n, i) => `ip addr add 203.0.113.${n}/24 brd + dev eth1 label eth1:${i}`).join('\n')}
ip route add default via 203.0.113.1 dev eth1
ip neigh add 203.0.113.1 lladdr ${mac(outside, 'out')} dev eth1 nud permanent
for n in $(seq 1 24); do ip neigh add 10.0.1.$n lladdr ${mac(inside, 'in')} dev eth0 nud permanent; done`);
  }

  [Symbol.dispose](): void {
    for (const one of [this.gateway, this.#inside, this.#outside]) one[Symbol.dispose]();
  }

  /** The rules of gwfleet for a pool of this size, and packets pass. */
  rules(addresses: number, more: Partial<RulesetArgs> = {}): void {
    this.gateway.converge(ruleset, rulesFor(addresses, more));
    this.gateway.sh('echo 1 >/proc/sys/net/ipv4/ip_forward');
  }

  fill(order: {
    readonly addresses: number;
    readonly webservers: number;
    readonly rounds?: number;
    readonly ports?: readonly [number, number];
  }): Promise<Filled> {
    return this.#run<Filled>('fill', { rounds: 12, ports: [32_768, 60_999], ...order });
  }

  storm(order: { readonly flows: number; readonly held: number; readonly pause: number }): Promise<Stormed> {
    return this.#run<Stormed>('storm', order);
  }

  invalid(): Promise<Leaked> {
    return this.#run<Leaked>('invalid', {});
  }

  #run<Result>(what: string, order: object): Promise<Result> {
    const mac = (device: string): string => this.gateway.sh(`cat /sys/class/net/${device}/address`).trim();
    const names = {
      inside: this.#inside.name,
      gateway: this.gateway.name,
      outside: this.#outside.name,
      mac0: mac('eth0'),
      mac1: mac('eth1'),
    };
    const child = spawn('python3', [program, what, JSON.stringify({ ...names, ...order })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said.out += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said.err += chunk;
    });
    return new Promise((resolve, reject) => {
      child.on('close', (code) => {
        if (code === 0) resolve(JSON.parse(said.out) as Result);
        else reject(new Error(`packets.py ${what} ended with ${code}: ${said.err}`));
      });
    });
  }
}

export function rulesFor(addresses: number, more: Partial<RulesetArgs> = {}): RulesetArgs {
  const pool = poolOf(addresses);
  return { internal: 'eth0', external: 'eth1', network: '10.0.0.0/8', pool, ...more };
}
