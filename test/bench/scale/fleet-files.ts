/**
 * Fleets that exist on paper: one gateway for ten webservers, each with addresses of its own. On the farm a host is
 * reached at an address of the loopback network and has another one inside, as behind a translating way in.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAddress, parseAddress } from '../../../src/address/ipv4.ts';

export interface FarmHost {
  readonly name: string;
  readonly kind: 'gateway' | 'webserver';
  /** Where it listens. */
  readonly address: string;
  readonly inside: string;
  /** First address of the pool of a gateway; of a webserver empty. */
  readonly pool: string;
}

export const poolSize = 6;
export const farmPort = 20022;

export function farmHosts(count: number): readonly FarmHost[] {
  const gateways = Math.ceil(count / 11);
  return Array.from({ length: count }, (_, at) => {
    const kind = at < gateways ? 'gateway' : 'webserver';
    const number = at < gateways ? at : at - gateways;
    return {
      name: kind === 'gateway' ? `gw${number + 1}` : `web${String(number + 1).padStart(6, '0')}`,
      kind,
      address: offset('127.20.0.1', at),
      inside: offset(kind === 'gateway' ? '10.64.0.1' : '10.128.0.1', number),
      pool: kind === 'gateway' ? offset('198.18.0.0', number * 8 + 1) : '',
    } as const;
  });
}

/** The inventory of a farm; `key` and `knownHosts` are files. */
export function farmInventory(
  count: number,
  { key, knownHosts }: { key: string; knownHosts: string },
): string {
  const hosts = farmHosts(count);
  const of = (kind: FarmHost['kind'], line: (host: FarmHost) => string): readonly string[] =>
    hosts.filter((host) => host.kind === kind).map((host) => `        ${host.name}: { ${line(host)} }`);
  return `${[
    'all:',
    '  vars:',
    '    ansible_user: root',
    `    ansible_port: ${farmPort}`,
    `    ansible_ssh_private_key_file: ${key}`,
    `    ansible_ssh_common_args: -o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes`,
    '  children:',
    '    gateways:',
    '      hosts:',
    ...of(
      'gateway',
      ({ address, inside, pool }) =>
        `ansible_host: ${address}, internal_address: ${inside}, snat_pool: ${pool}-${offset(pool, poolSize - 1)}`,
    ),
    '    webservers:',
    '      hosts:',
    ...of('webserver', ({ address }) => `ansible_host: ${address}`),
  ].join('\n')}\n`;
}

/** An inventory for planning alone, with group variables beside it: webservers as ranges, or a line each in racks. */
export function paperInventory(
  folder: string,
  count: number,
  { written, perGateway }: { readonly written: 'ranges' | 'a line each'; readonly perGateway: number },
): string {
  const gateways = Math.ceil(count / (perGateway + 1));
  const webservers = count - gateways;
  const name = (number: number): string => `web${String(number).padStart(6, '0')}`;
  const step = written === 'ranges' ? 50_000 : 500;
  const racks = Array.from({ length: Math.ceil(webservers / step) }, (_, rack) => {
    const [first, last] = [rack * step + 1, Math.min(webservers, (rack + 1) * step)];
    const one = (number: number): string =>
      `            ${name(number)}: { ansible_host: ${offset('10.128.0.0', number)} }`;
    const hosts =
      written === 'ranges'
        ? [`            web[${name(first).slice(3)}:${name(last).slice(3)}]: {}`]
        : Array.from({ length: last - first + 1 }, (_, index) => one(first + index));
    return [`        rack${rack + 1}:`, '          hosts:', ...hosts];
  });
  const gateway = (_: unknown, at: number): string => {
    const pool = offset('198.18.0.0', at * 8 + 1);
    return `        gw${at + 1}: { ansible_host: ${offset('10.64.0.1', at)}, snat_pool: ${pool}-${offset(pool, poolSize - 1)} }`;
  };
  mkdirSync(join(folder, 'group_vars'), { recursive: true });
  writeFileSync(
    join(folder, 'group_vars', 'all.yml'),
    'internal_interface: eth0\nexternal_interface: eth1\n',
  );
  writeFileSync(join(folder, 'group_vars', 'webservers.yml'), 'rack: "{{ inventory_hostname }}"\n');
  const file = join(folder, 'inventory.yaml');
  const lines = [
    'all:',
    '  vars: { ansible_user: root }',
    '  children:',
    '    gateways:',
    '      hosts:',
    ...Array.from({ length: gateways }, gateway),
    '    webservers:',
    '      children:',
    ...racks.flat(),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

export function offset(address: string, by: number): string {
  return formatAddress((parseAddress(address) ?? 0) + by);
}
