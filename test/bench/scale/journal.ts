/** The journal of a run that was never made: every host of a fleet is changed under a guard, evenly over some seconds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BareEvent } from '../../../src/report/event.ts';

export const journalRun = '20260101-000000-0000';
/** From the first host to the last one; each is at it for two. */
export const journalSeconds = 30;
const hostSeconds = 2;
const tasks = ['aliases', 'conntrack', 'ruleset'];
const play = 'Gateways carry the pool';

/** Below the XDG state folder `state`, where `runs replay` finds it. */
export function writeJournal(state: string, hosts: number): void {
  const names = Array.from({ length: hosts }, (_, at) => `gw${String(at + 1).padStart(5, '0')}`);
  const folder = join(state, 'gwfleet', 'runs', journalRun);
  mkdirSync(folder, { recursive: true });
  const record = { v: 1, run: journalRun, command: 'apply', args: ['inventory.yaml'], flags: {}, cwd: '/' };
  const more = {
    inventory: '/inventory.yaml',
    inventoryFile: '/inventory.yaml',
    hosts: names,
    owner: 'bench@here',
  };
  const process = { pid: 1, began: '0', machine: 'elsewhere', boot: '', space: '' };
  const startedAt = timeAt(0);
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...record, ...more, startedAt, process }));
  const lines = timeline(names)
    .toSorted((one, two) => one.second - two.second)
    .map(({ second, event }) => JSON.stringify({ ...event, v: 1, at: timeAt(second), run: journalRun }));
  writeFileSync(join(folder, 'events.jsonl'), `${lines.join('\n')}\n`);
}

interface Timed {
  readonly second: number;
  readonly event: BareEvent;
}

function timeline(names: readonly string[]): readonly Timed[] {
  const hosts = names.length;
  const counts = { create: 0, update: 3 * hosts, delete: 0, commands: 0, hosts, hostsChanging: hosts };
  const begin: readonly BareEvent[] = [
    {
      type: 'run-started',
      command: 'apply',
      inventory: 'inventory.yaml',
      playbook: 'site.yaml',
      hosts: [...names],
    },
    ...names.map((host): BareEvent => ({ type: 'host-probed', host, result: 'seen' })),
    { type: 'plan-made', ...counts, plays: [{ name: play, hosts, batches: 1 }] },
    { type: 'play-started', play, batches: 1 },
    { type: 'batch-started', play, batch: 1, batches: 1, hosts: [...names] },
  ];
  const end: BareEvent = { type: 'run-finished', exit: 0, seconds: journalSeconds };
  return [
    ...begin.map((event) => ({ second: 0, event })),
    ...names.flatMap((host, at) => lifeOf(host, (at / hosts) * (journalSeconds - hostSeconds))),
    { second: journalSeconds, event: end },
  ];
}

function lifeOf(host: string, from: number): readonly Timed[] {
  const events: readonly BareEvent[] = [
    { type: 'host-started', play, host, guard: 'g1', tasks: [...tasks] },
    { type: 'guard-armed', host, seconds: 60 },
    ...tasks.map((task): BareEvent => ({ type: 'task-finished', host, task, code: 0 })),
    { type: 'guard-settled', host, state: 'confirmed' },
    { type: 'host-finished', play, host, result: 'changed' },
  ];
  return events.map((event, at) => ({ second: from + (at / (events.length - 1)) * hostSeconds, event }));
}

function timeAt(second: number): string {
  return new Date(Date.UTC(2026, 0, 1) + Math.round(second * 1000)).toISOString();
}
