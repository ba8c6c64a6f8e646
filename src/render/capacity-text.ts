/** What a fleet can carry, as text: the answer first, then the arithmetic behind it. Fits 80 columns. */
import type { GatewayCapacity, Knob } from '../fleet/capacity.ts';
import type { CapacityAnswer } from '../fleet/capacity-answer.ts';
import type { Improvement } from '../fleet/capacity-change.ts';
import { tableWaitSeconds, webserverWaitSeconds } from '../fleet/capacity-rate.ts';
import { portsPerWebserver, usableFill } from '../fleet/carrying.ts';
import { needText } from './capacity-need-text.ts';
import { bytes, counted, percent, thousands } from './numbers.ts';
import type { Palette } from './palette.ts';
import { table } from './table.ts';
import { visibleLine } from './visible.ts';

export function capacityText(answer: CapacityAnswer, colours: Palette): string {
  const parts = [
    headline(answer, colours),
    ...(answer.need === null ? [] : [needText(answer.need, colours)]),
    gatewayTable(answer),
    knobs(answer),
    rates(answer, colours),
    help(answer, colours),
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function headline({ connections, gateways, webservers, loss }: CapacityAnswer, { bold, yellow }: Palette) {
  const active = gateways.filter(({ state }) => state === 'active').length;
  const who = `${counted(active, 'gateway')} and ${counted(webservers, 'webserver')}`;
  return [
    bold(`${who}: ${thousands(connections)} connections at once to one destination`),
    ...lossLines(loss).map(yellow),
  ];
}

function lossLines(loss: CapacityAnswer['loss']): readonly string[] {
  if (loss === null) return ['no gateway is active'];
  const name = visibleLine(loss.gateway);
  if (loss.connections === 0)
    return [`nothing is left when ${name} is lost: there is no other active gateway`];
  const stranded =
    loss.stranded === 0
      ? []
      : [`  ${counted(loss.stranded, 'webserver')} would stay behind: pinned to ${name}`];
  return [`with ${name} lost, the worst loss: ${thousands(loss.connections)}`, ...stranded];
}

function gatewayTable({ gateways }: CapacityAnswer): readonly string[] {
  return table(
    [
      { title: 'gateway', side: 'left' },
      { title: 'state', side: 'left' },
      { title: 'addresses', side: 'right' },
      { title: 'webservers', side: 'right' },
      { title: 'carries', side: 'right' },
      { title: 'limited by', side: 'left' },
    ],
    gateways.map(({ name, state, addresses, webservers, connections, knob }) => [
      visibleLine(name),
      state,
      String(addresses),
      thousands(webservers),
      state === 'active' ? thousands(connections) : '-',
      state === 'active' ? knob : '',
    ]),
  );
}

/** Each knob once for gateways of the same size and spread. */
function knobs({ gateways }: CapacityAnswer): readonly string[] {
  const kinds = new Map(gateways.map((one) => [`${one.addresses} ${one.spread}`, one]));
  return [
    'what each knob allows',
    ...[...kinds.values()].flatMap(poolLines),
    `  webserver ports  ${thousands(portsPerWebserver)} each (ip_local_port_range 32768-60999)`,
  ];
}

function poolLines({ addresses, spread, limits, table: size }: GatewayCapacity): readonly string[] {
  const fill = percent(usableFill({ addresses, spread }));
  const arithmetic = `${addresses} x 64,512 x ${fill} (spread ${spread}) = ${thousands(limits['pool ports'])}`;
  const room = `${thousands(size.entries)} entries, all destinations together`;
  const short =
    size.entries < size.wanted
      ? `\n                   too few: ${thousands(size.wanted)} would fit the pool`
      : '';
  return [
    `  pool ports       ${arithmetic}`,
    `  conntrack        ${room}${short}`,
    `  memory           ${bytes(size.fullBytes)} when it is full; a host of ${bytes(size.hostMemoryBytes)} or more`,
  ];
}

function rates({ rates: { crowdedFrom, ...rates } }: CapacityAnswer, { dim }: Palette) {
  const { newKernel, oldKernel, perWebserver } = rates;
  const line = (name: string, perSecond: number, knob: Knob): string =>
    `  ${name}  ${thousands(perSecond)} a second, limited by ${knob}`;
  return [
    'new connections to one destination, when each is over at once',
    line('kernel 6.5 and later', newKernel.perSecond, newKernel.knob),
    line('older kernels       ', oldKernel.perSecond, oldKernel.knob),
    dim(`  a closed connection (TIME_WAIT) keeps its port: ${webserverWaitSeconds} s on the webserver`),
    dim(
      `  that closed it (${thousands(perWebserver)} a second each); on a gateway the next one takes it over,`,
    ),
    dim(`  before 6.5 only after ${tableWaitSeconds.oldKernel} s, as the task conntrack sets it; from`),
    dim(
      `  ${thousands(crowdedFrom)} a second on each takes one over, and two of a hundred need a second try`,
    ),
  ];
}

/** The first is the answer; the others show that it is. */
function help({ improvements }: CapacityAnswer, { bold, dim }: Palette): readonly string[] {
  const [best, ...others] = improvements;
  if (best === undefined) return ['no single change brings more'];
  return [
    bold(`what helps most now: ${visibleLine(best.change)}`),
    `  ${visibleLine(best.how)}`,
    `  ${effect(best)}`,
    ...(others.length === 0 ? [] : ['less help']),
    ...others.slice(0, 4).map((one) => dim(`  ${visibleLine(one.change)}: ${effect(one)}`)),
  ];
}

function effect({ connections, gain, withLoss, gainWithLoss }: Improvement): string {
  const part = (total: number, more: number): string =>
    more > 0
      ? `${thousands(total)} (+${thousands(more)})`
      : `${thousands(total)}${more < 0 ? ` (${thousands(more)})` : ''}`;
  return `${part(connections, gain)}; one lost ${part(withLoss, gainWithLoss)}`;
}
