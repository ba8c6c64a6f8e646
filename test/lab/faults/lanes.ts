/**
 * Four hosts that take one fault together, each with another task type, and what is known of them: a text of all that
 * the four types can change. Two gateways stand aside as next hops, so that no fault hits what others need.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf } from '../../../src/lab/addressing.ts';
import type { Fleet } from '../fleet.ts';

export const kinds = ['aliases', 'ruleset', 'sysctl', 'default_route'] as const;
export type Kind = (typeof kinds)[number];

export interface Lane {
  readonly hosts: Readonly<Record<Kind, string>>;
  readonly names: readonly string[];
}

export function sizesFor(lanes: number): { gateways: number; webservers: number } {
  return { gateways: 2 + 2 * lanes, webservers: 2 * lanes };
}

/** Lays out the lanes and writes each host's kind beside the inventory. */
export function lanesIn(lab: Fleet, count: number): readonly Lane[] {
  const { gateways, webservers } = layoutOf(sizesFor(count), 'gw1');
  const folder = join(lab.folder, 'host_vars');
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, i) => {
    const [aliases, ruleset] = gateways.slice(2 + 2 * i, 4 + 2 * i);
    const [sysctl, route] = webservers.slice(2 * i, 2 * i + 2);
    const hosts = {
      aliases: aliases?.name ?? '',
      ruleset: ruleset?.name ?? '',
      sysctl: sysctl?.name ?? '',
      default_route: route?.name ?? '',
    };
    for (const kind of kinds) {
      const pool = ruleset?.pool[0] ?? '';
      writeFileSync(join(folder, `${hosts[kind]}.yml`), `kind: ${kind}\none_address: ${pool}\n`);
    }
    return { hosts, names: Object.values(hosts) };
  });
}

const tasks = `
    - { name: Aliases, when: kind == 'aliases', aliases: { interface: eth1, addresses: "{{ snat_pool | default('192.0.2.1') }}" } }
    - name: Rules
      when: kind == 'ruleset'
      ruleset: { internal: eth0, external: eth1, network: 10.0.0.0/8, pool: "{{ one_address }}" }
    - name: Settings
      when: kind == 'sysctl'
      sysctl: { net.ipv4.ip_local_port_range: 1024 65000, net.ipv4.ip_forward: 1 }
    - { name: Route, when: kind == 'default_route', default_route: { via: 10.0.0.2, drain: false } }
`;

/** What follows the step under test: nothing, or a command that gives the fault its time. */
export const tails = {
  none: '',
  /** Nothing either, under a guard that is soon over. */
  brief: '',
  /** Two seconds, and done: the change can be confirmed. */
  slow: `    - { name: Slow, command: { cmd: "sleep 2; touch /run/slept", unless: "test -e /run/slept" } }\n`,
  /** As long as the fault wants it, and done. */
  waits: `    - { name: Waits, command: { cmd: "until [ -e /run/go ]; do sleep 0.1; done; touch /run/slept", unless: "test -e /run/slept" } }\n`,
  /** Two seconds without a trace: the change can be verified as rolled back. */
  traceless: `    - { name: Traceless, command: { cmd: "sleep 2", unless: "false" } }\n`,
  fails: `    - { name: Fails, command: { cmd: "exit 3", unless: "false" } }\n`,
  hangs: `    - { name: Hangs, command: { cmd: "sleep 600", unless: "false" } }\n`,
} as const;

export type Tail = keyof typeof tails;

export function writePlaybooks(folder: string): (tail: Tail) => string {
  for (const [tail, text] of Object.entries(tails))
    writeFileSync(join(folder, `${tail}.yaml`), `- name: Faults\n  hosts: all\n  tasks:\n${tasks}${text}`);
  return (tail) => join(folder, `${tail}.yaml`);
}

const look = `
ip -4 -o addr show | sed -e 's/\\\\.*//' -e 's/^[0-9]*: //' -e 's/ secondary//' | sort
ip -4 route show table main | sed 's/ linkdown//' | sort
for b in nft legacy; do iptables-$b-save 2>/dev/null | sed -e 's/\\[[0-9]*:[0-9]*\\]//' | grep -e '^-' -e '^:[^ ]* -' -e '^:.*DROP'; done
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_local_port_range /proc/sys/net/ipv4/conf/all/accept_redirects`;

/** Everything that the four types can change. */
export async function snapshot(lab: Fleet, host: string): Promise<string> {
  return lab.run(host, look);
}

/** What a guard has left behind: processes, a lock, a pending state. Empty when nothing. */
export async function leftovers(lab: Fleet, host: string): Promise<string> {
  const { stdout } = await lab.exec(
    host,
    `pgrep -af '[e]ngine (apply|watch|confirm|rollback|settle|contact)'; ls -d /run/gwfleet/lock /run/gwfleet/*/armed /run/gwfleet/*/rolling-back 2>/dev/null; :`,
  );
  return stdout.trim();
}
