/**
 * A throw-away network namespace in which a task type's scripts run for real, under dash and framed as gwfleet
 * frames them. No sshd, no guard: only what the type itself does.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { framed, type Output, readFrames } from '../../src/shell/frames.ts';
import type { Script } from '../../src/shell/sh.ts';
import type { Facts, NetworkInterface } from '../../src/tasks/facts.ts';
import type { Change, Json, Note, Observation, TaskType } from '../../src/tasks/task-type.ts';

export type Backend = 'nft' | 'legacy';

export interface Converged<State> {
  readonly from: State;
  readonly to: State;
  readonly changes: readonly Change[];
  readonly notes: readonly Note[];
}

interface IpAddress {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly broadcast?: string;
  readonly label?: string;
  readonly secondary?: boolean;
}

interface IpLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly IpAddress[];
}

let count = 0;

export class TaskNamespace {
  readonly name: string;
  readonly #folder: string;
  readonly #path: string;
  /** The shell that runs the scripts of task types. */
  shell: readonly string[] = ['dash'];

  /** With `legacy`, the host's `iptables` is the legacy one, as after update-alternatives. */
  constructor(backend: Backend = 'nft') {
    count += 1;
    this.name = `gwft-${process.pid}-${count}`;
    this.#folder = mkdtempSync(join(tmpdir(), 'gwfleet-task-'));
    mkdirSync(join(this.#folder, 'run', 'netns'), { recursive: true });
    const inherited = process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin';
    this.#path = `${this.#folder}:${inherited}`;
    if (backend === 'legacy') {
      for (const tool of ['iptables', 'iptables-save', 'iptables-restore']) {
        symlinkSync('/usr/sbin/xtables-legacy-multi', join(this.#folder, tool));
      }
    }
    const made = spawnSync('ip', ['netns', 'add', this.name], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`no namespace: ${made.stderr}`);
  }

  [Symbol.dispose](): void {
    spawnSync('ip', ['netns', 'del', this.name]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Puts a program before the host's own ones. */
  shim(tool: string, text: string): void {
    writeFileSync(join(this.#folder, tool), text, { mode: 0o755 });
  }

  /** Runs plain commands and throws when they fail: the setting of a scene. */
  sh(text: string): string {
    const file = join(this.#folder, 'script');
    writeFileSync(file, text);
    const run = this.#exec(['dash', '-e', file]);
    if (run.status !== 0) throw new Error(`${text}\nended with ${run.status}: ${run.stderr}`);
    return run.stdout;
  }

  /** Runs a script of a task type as gwfleet does. */
  run(script: Script): Output {
    const file = join(this.#folder, 'script');
    writeFileSync(file, framed('MARK', 'one', script).text);
    const run = this.#exec([...this.shell, file]);
    const output = readFrames('MARK', run.stdout, run.stderr).get('one');
    if (output === undefined) throw new Error(`the script was cut off:\n${script.text}\n${run.stderr}`);
    return output;
  }

  /** With a /run of its own: `ip netns exec` gives it mounts of its own already. */
  #exec(argv: readonly string[]) {
    const mounts = 'mount --rbind /run/netns "$0/netns" && mount --rbind "$0" /run && exec "$@"';
    const own = ['sh', '-c', mounts, join(this.#folder, 'run')];
    return spawnSync('ip', ['netns', 'exec', this.name, ...own, ...argv], {
      encoding: 'utf8',
      env: { PATH: this.#path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  facts(more: Partial<Facts> = {}): Facts {
    const links = JSON.parse(this.sh('ip -j addr show')) as readonly Partial<IpLink>[];
    return {
      hostname: this.name,
      kernel: '6.1.0',
      bootId: 'b',
      uid: 0,
      memoryBytes: 2 ** 30,
      tools: ['ip', 'iptables', 'arping', 'conntrack', 'nft', 'unshare'],
      interfaces: links.flatMap(interfaceOf),
      managementPath: null,
      ...more,
    };
  }

  observe<Args, State extends Json>(type: TaskType<Args, State>, args: Args): Observation<State> {
    return type.read(this.run(type.probe(args)), args);
  }

  present<Args, State extends Json>(type: TaskType<Args, State>, args: Args): State {
    const seen = this.observe(type, args);
    if (seen.kind !== 'present') throw new Error(JSON.stringify(seen));
    return seen.state;
  }

  /** Plan, apply, look again: throws unless the host then is what was wanted and nothing is left to do. */
  converge<Args, State extends Json>(
    type: TaskType<Args, State>,
    args: Args,
    more: Partial<Facts> = {},
  ): Converged<State> {
    const from = this.present(type, args);
    const wanted = type.desired(args, { kind: 'present', state: from }, this.facts(more));
    if (wanted.kind === 'refused' || wanted.state === null) throw new Error(JSON.stringify(wanted));
    const changes = type.changes(from, wanted.state);
    this.apply(type, from, wanted.state);
    const after = this.observe(type, args);
    if (after.kind !== 'present') throw new Error(JSON.stringify(after));
    const left = type.changes(after.state, wanted.state);
    const again = type.desired(args, after, this.facts(more));
    const more2 = again.kind === 'state' ? type.changes(after.state, again.state) : [again];
    if (left.length + more2.length > 0) throw new Error(JSON.stringify({ left, more2 }, null, 1));
    return { from, to: wanted.state, changes, notes: wanted.notes ?? [] };
  }

  apply<Args, State extends Json>(type: TaskType<Args, State>, from: State, to: State): void {
    const done = this.run(type.apply(from, to));
    if (done.code !== 0)
      throw new Error(`apply ended with ${done.code}: ${done.stderr}\n${type.apply(from, to).text}`);
  }
}

function interfaceOf(link: Partial<IpLink>): readonly NetworkInterface[] {
  if (link.ifname === undefined) return [];
  return [
    {
      name: link.ifname,
      up: link.flags?.includes('UP') ?? false,
      addresses: (link.addr_info ?? [])
        .filter(({ family }) => family === 'inet')
        .map((one) => ({
          address: one.local,
          prefix: one.prefixlen,
          broadcast: one.broadcast ?? null,
          label: one.label ?? link.ifname ?? '',
          secondary: one.secondary ?? false,
        })),
    },
  ];
}

/** eth0 10.0.0.9/8 and eth1 203.0.113.10/24 as on a gateway, the next hops 10.0.0.1-3 answering, eth2 spare. */
export const gatewayScene = `
ip link set lo up
for n in 0 1 2; do ip link add eth$n type veth peer name peer$n; ip link set eth$n up; done
ip link set peer1 up; ip link set peer2 up
ip addr add 10.0.0.9/8 brd + dev eth0
ip addr add 203.0.113.10/24 brd + dev eth1
`;
