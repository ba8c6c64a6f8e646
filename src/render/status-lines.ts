/** The sentences of `status` below its tables: drains, and what hosts do not let us have. */
import type { DrainStatus, FleetStatus } from '../status/model.ts';
import { counted, thousands } from './numbers.ts';
import { visibleLine } from './visible.ts';

export function drainLines({ drains }: FleetStatus, columns: number): readonly string[] {
  return drains.flatMap((drain) => {
    const { kind, name, gateway, live } = drain;
    const count = `${counted(live, 'live connection')} left`;
    const what =
      kind === 'webserver'
        ? `drain: ${visibleLine(name)} has ${count} on ${visibleLine(gateway)}`
        : `draining: ${name} leaves ${visibleLine(gateway)}, ${count}`;
    return wrapped(`${what}${ending(drain)}`, columns);
  });
}

function ending({ kind, secondsLeft, atDeadline, deadlineSeconds }: DrainStatus): string {
  if (atDeadline === null) return '';
  const then = atDeadline === 'cut' ? 'then they are cut' : 'then a later apply carries on';
  if (secondsLeft !== null)
    return kind === 'webserver'
      ? `; ${atDeadline} in ${thousands(secondsLeft)} s`
      : `; a run waits ${thousands(secondsLeft)} s more, ${then}`;
  if (kind === 'webserver' || deadlineSeconds === null) return '';
  return `; the next apply waits ${thousands(deadlineSeconds)} s, ${then}`;
}

/** Nothing to act on: equal ones once for all their hosts. */
export function noteLines({ gateways, webservers }: FleetStatus, columns: number): readonly string[] {
  const hosts = new Map<string, string[]>();
  for (const { host, notes } of [...gateways, ...webservers])
    for (const note of notes) hosts.set(note, [...(hosts.get(note) ?? []), host]);
  return [...hosts].flatMap(([note, names]) =>
    wrapped(`note: ${whose(names)}: ${visibleLine(note)}`, columns),
  );
}

export function whose(hosts: readonly string[]): string {
  const shown = hosts.slice(0, 4).map(visibleLine).join(' ');
  return hosts.length > 4 ? `${shown} and ${hosts.length - 4} more` : shown;
}

/** Between words, so that advice can be read on a narrow screen; later lines are indented. */
export function wrapped(text: string, columns: number): readonly string[] {
  const indent = '      ';
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) /)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= columns || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line];
}
