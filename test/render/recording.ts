/**
 * A recorded run without hosts: the events of a roll over as many as wanted, with the trouble that real fleets have.
 * The same every time.
 */
import type { Plan } from '../../src/plan/plan.ts';
import type { BareEvent, HostResult, RunEvent } from '../../src/report/event.ts';

export interface Recording {
  readonly events: readonly RunEvent[];
  readonly plan: Plan;
}

const run = '20261122-214007-7f3a';
const startMs = Date.parse('2026-11-22T21:40:07.000Z');
const place = { file: 'playbooks/site.yaml', line: 16, col: 7 };

export function recording({ gateways = 8, webservers = 392 } = {}): Recording {
  const gates = Array.from({ length: gateways }, (_, i) => `gw${i + 1}`);
  const webs = Array.from({ length: webservers }, (_, i) => `web${String(i + 1).padStart(3, '0')}`);
  const plays = [
    { name: 'Gateways carry the pool', hosts: gates, size: Math.max(1, Math.ceil(gateways / 4)) },
    {
      name: 'Webservers leave through their gateway',
      hosts: webs,
      size: Math.max(1, Math.ceil(webservers / 5)),
    },
  ];
  const timed: { readonly ms: number; readonly event: BareEvent }[] = [];
  const at = (ms: number, event: BareEvent): unknown => timed.push({ ms, event });
  at(0, {
    type: 'run-started',
    command: 'apply',
    inventory: 'inventories/prod.yaml',
    playbook: 'playbooks/site.yaml',
    hosts: [...gates, ...webs],
  });
  for (const [i, host] of [...gates, ...webs].entries())
    at(5 * i, { type: 'host-probed', host, result: 'seen' });
  let ms = 5 * (gateways + webservers) + 200;
  at(ms, planMade(plays, gateways + webservers));
  for (const { name, hosts, size } of plays) {
    const batches = Math.ceil(hosts.length / size);
    at(ms, { type: 'play-started', play: name, batches });
    for (let batch = 0; batch < batches; batch += 1) {
      const own = hosts.slice(batch * size, (batch + 1) * size);
      at(ms, { type: 'batch-started', play: name, batch: batch + 1, batches, hosts: own });
      const ends = own.map((host, i) => hostEvents(name, host, ms + 12 * i, timed));
      ms = Math.max(...ends) + 100;
    }
  }
  at(ms, { type: 'run-finished', exit: 7, seconds: ms / 1000 });
  const events = timed
    .sort((one, two) => one.ms - two.ms)
    .map(
      ({ ms: when, event }): RunEvent => ({
        ...event,
        v: 1,
        at: new Date(startMs + when).toISOString(),
        run,
      }),
    );
  return { events, plan: planOf(plays) };
}

interface Play {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly size: number;
}

function planMade(plays: readonly Play[], hosts: number): BareEvent {
  return {
    type: 'plan-made',
    ...{ create: hosts, update: hosts, delete: 0, commands: 0, hosts, hostsChanging: hosts },
    plays: plays.map(({ name, hosts: own, size }) => ({
      name,
      hosts: own.length,
      batches: Math.ceil(own.length / size),
    })),
  };
}

const stepsOf = (host: string): readonly string[] =>
  host.startsWith('gw')
    ? [
        'One alias for each pool address',
        'A conntrack table that fits the pool',
        'FORWARD and SNAT rules',
        'Forward packets',
      ]
    : ['Default route'];

/** Every 37th host fails one way or another. */
function resultOf(host: string): HostResult {
  const number = Number(host.replace(/\D/g, ''));
  if (host.startsWith('gw') || number % 37 !== 0) return 'changed';
  return (['failed', 'rolled-back', 'unreachable', 'unknown'] as const)[(number / 37) % 4] ?? 'failed';
}

function hostEvents(
  play: string,
  host: string,
  startsMs: number,
  timed: { readonly ms: number; readonly event: BareEvent }[],
): number {
  let ms = startsMs;
  const after = (wait: number, event: BareEvent): void => {
    ms += wait;
    timed.push({ ms, event });
  };
  const result = resultOf(host);
  const tasks = stepsOf(host);
  after(0, { type: 'host-started', play, host, tasks: [...tasks] });
  if (result !== 'unreachable') {
    after(40, { type: 'guard-armed', host, seconds: 60 });
    for (const [i, task] of tasks.entries()) {
      const code = result === 'changed' || i + 1 < tasks.length ? 0 : 2;
      after(150, { type: 'task-finished', host, task, code });
    }
    after(400, {
      type: 'guard-settled',
      host,
      state: result === 'changed' ? 'confirmed' : 'rolled-back-verified',
    });
  }
  after(20, {
    ...{ type: 'host-finished', play, host, result },
    ...(result === 'changed'
      ? {}
      : {
          message: result === 'unreachable' ? 'no route to host' : 'exit 2; rolled back, verified',
          task: tasks.at(-1) ?? '',
          place,
          said: 'RTNETLINK answers: Network is unreachable\n',
          next: 'the host is as it was before the run',
        }),
  });
  return ms;
}

function planOf(plays: readonly Play[]): Plan {
  const facts = {} as Plan['plays'][number]['hosts'][number] extends infer Host
    ? Host extends { readonly facts: infer Facts }
      ? Facts
      : never
    : never;
  return {
    v: 1,
    inventory: 'inventories/prod.yaml',
    playbook: 'playbooks/site.yaml',
    plays: plays.map(({ name, hosts, size }, p) => ({
      name,
      pattern: p === 0 ? 'gateways' : 'webservers',
      batches: Array.from({ length: Math.ceil(hosts.length / size) }, (_, i) =>
        hosts.slice(i * size, (i + 1) * size),
      ),
      rules: {} as Plan['plays'][number]['rules'],
      hosts: hosts.map((host) => ({
        kind: 'planned' as const,
        host,
        facts,
        tasks: stepsOf(host).map((task, t) => ({
          ...{ id: `p${p + 1}t${t + 1}`, type: 'sysctl', name: task, place, object: task, args: null },
          ...{ from: null, to: null, seen: '', notes: [] },
          changes: [
            {
              action: 'update' as const,
              kind: 'sysctl',
              name: task,
              from: '0',
              to: '1',
              detail: ['- 0', '+ 1'],
            },
          ],
        })),
      })),
    })),
  };
}
