/** The answer to "N webservers with M connections each: how many addresses, how many gateways?", with its arithmetic. */
import type { CapacityAnswer } from '../fleet/capacity-answer.ts';
import type { Need } from '../fleet/capacity-need.ts';
import { tableWaitSeconds } from '../fleet/capacity-rate.ts';
import { portsPerWebserver } from '../fleet/carrying.ts';
import { bytes, counted, percent, thousands } from './numbers.ts';
import type { Palette } from './palette.ts';

export function needText(
  { newKernel, oldKernel }: NonNullable<CapacityAnswer['need']>,
  { bold, yellow }: Palette,
): readonly string[] {
  const { wish } = newKernel;
  const rate = wish.rate === 0 ? '' : `, ${thousands(wish.rate)} new/s`;
  const [fits, few] = [newKernel.carriedNow >= wish.webservers, thousands(newKernel.carriedNow)];
  const differs = oldKernel.ports !== newKernel.ports;
  return [
    bold(
      `${counted(wish.webservers, 'webserver')}, each ${counted(wish.connections, 'connection')}${rate} to one destination`,
    ),
    bold(`  ${addresses(newKernel)}, ${gateways(newKernel)}`),
    ...arithmetic(newKernel),
    ...(differs
      ? [`  kernels before 6.5: ${addresses(oldKernel)}, ${gateways(oldKernel)}`, waiting(oldKernel)]
      : []),
    fits
      ? `  this fleet carries ${few} of them: enough`
      : yellow(`  ! this fleet carries ${few} of them: not enough`),
    ...ownPorts(newKernel).map(yellow),
  ];
}

function addresses(need: Need): string {
  return `${thousands(need.addresses)} ${need.addresses === 1 ? 'address' : 'addresses'}`;
}

function gateways({ gateways: count, wish }: Need): string {
  if (count === null) return `and more than ${wish.addressesPerGateway} of them on a gateway`;
  const spare = count + 1;
  return `${counted(count, 'gateway')} of ${wish.addressesPerGateway}; ${spare} if one may be lost`;
}

function arithmetic({
  wish,
  ports,
  fill,
  portsPerAddress,
  addresses: count,
  webserversPerGateway,
  ...rest
}: Need) {
  const size = wish.addressesPerGateway;
  return [
    `  ${thousands(wish.webservers)} x ${thousands(wish.connections)} = ${thousands(wish.webservers * wish.connections)} ports at once`,
    `  64,512 ports x ${percent(fill)} = ${thousands(portsPerAddress)} for each address, below the alarm`,
    `  ${thousands(ports)} / ${thousands(portsPerAddress)} -> ${count} ${count === 1 ? 'address' : 'addresses'}`,
    `  ${size === 1 ? '1 address carries' : `${size} addresses carry`} ${counted(webserversPerGateway, 'whole webserver')}: a webserver has one gateway`,
    `  conntrack: ${thousands(rest.entries)} entries a gateway, on ${bytes(rest.memoryBytes)} of memory or more`,
  ];
}

function waiting({ wish, ports }: Need): string {
  const seconds = tableWaitSeconds.oldKernel;
  return `    ${thousands(wish.rate)} a second x ${seconds} s in TIME_WAIT hold ports, too: ${thousands(ports)} in all`;
}

function ownPorts({ impossible, ownPortsFit, ownPorts: count, wish }: Need): readonly string[] {
  if (impossible) {
    return [
      `  ! ${thousands(wish.connections)} to one destination are more than the 64,512 ports of one webserver:`,
      '    more webservers, or more addresses on each',
    ];
  }
  if (ownPortsFit) return [];
  return [
    `  ! each webserver needs ${thousands(count)} ports and has ${thousands(portsPerWebserver)}:`,
    '    net.ipv4.ip_local_port_range "1024 65535"; net.ipv4.tcp_tw_reuse 1',
  ];
}
