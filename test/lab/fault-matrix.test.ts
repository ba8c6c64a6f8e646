/**
 * Nobody is ever locked out: every fault with every task type that can cut the way in, by the real program on hosts
 * of the lab. Whatever happens, a host is afterwards as before or as wanted, never between; ssh gets in; what was
 * said, written down and given as exit code is true; and no process, lock or pending guard is left.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, faults } from './faults/faults.ts';
import { type Kind, kinds, type Lane, lanesIn, leftovers, sizesFor, snapshot } from './faults/lanes.ts';
import { type Ended, events, onAll, type Run, start } from './faults/run.ts';
import { type Fleet, fleet } from './fleet.ts';

interface Cell {
  readonly state: 'before' | 'after' | 'between';
  readonly result: string;
  readonly problems: readonly string[];
}

const lanesAtOnce = 6;
const cells = new Map<string, Partial<Record<Kind, Cell>>>();
const failures = new Map<string, unknown>();
let lab: Fleet;

beforeAll(async () => {
  lab = await fleet({ ...sizesFor(lanesAtOnce), defaultRoute: 'gw1' });
  const lanes = [...lanesIn(lab, lanesAtOnce)];
  const waiting = [...faults, twoAtOnce];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
        try {
          cells.set(fault.name, await suffer(fault, lane));
        } catch (error) {
          failures.set(fault.name, error);
        }
        await onAll(lane, (host) => lab.reboot(host));
      }
    }),
  );
}, 600_000);

/** The second finds every host held by the first, touches none of them, and says so. */
const twoAtOnce: Fault = {
  name: 'two gwfleets at once',
  tail: 'waits',
  strike: async ({ lane }) => {
    await Promise.all(
      lane.names.map((host) => lab.run(host, 'until [ -e /run/gwfleet/lock ]; do sleep 0.02; done')),
    );
    const second = await start(lab, lane, 'traceless').ended;
    await onAll(lane, (host) => lab.run(host, 'touch /run/go'));
    const said = Object.values(second.hosts).map(({ message }) => message);
    if (second.code !== 6 || !said.every((message) => message?.startsWith('locked by run') === true))
      throw new Error(`the second run: exit ${second.code}, ${JSON.stringify(second.hosts)}`);
  },
  expected: { state: 'after', result: 'changed', exit: 0 },
};

async function suffer(fault: Fault, lane: Lane): Promise<Partial<Record<Kind, Cell>>> {
  const { prepare = ':', heal = ':' } = fault;
  const before = await states(lane);
  await onAll(lane, (host) => lab.run(host, prepare));
  const run = start(lab, lane, fault.tail);
  const [ended] = await Promise.all([run.ended, fault.strike?.({ lab, lane, run })]);
  await onAll(lane, (host) => lab.run(host, heal));
  await quiet(lane, fault.nextExit === undefined ? 'nothing left' : 'no process');
  const next = fault.nextExit === undefined ? undefined : await start(lab, lane, fault.tail).ended;
  const told = writtenDown(run, ended);
  const entries = await Promise.all(
    kinds.map(async (kind) => [kind, await judge({ fault, lane, kind, ended, next, told, before })] as const),
  );
  return Object.fromEntries(entries);
}

interface Evidence {
  readonly fault: Fault;
  readonly lane: Lane;
  readonly kind: Kind;
  readonly ended: Ended;
  readonly next: Ended | undefined;
  readonly told: readonly string[];
  readonly before: Readonly<Record<string, string>>;
}

async function judge({ fault, lane, kind, ended, next, told, before }: Evidence): Promise<Cell> {
  const host = lane.hosts[kind];
  const expected = fault.except?.[kind] ?? fault.expected;
  const state = await stateOf(host, kind, before[host] ?? '');
  const { result = 'killed', message = '' } = ended.hosts[host] ?? {};
  const left = await leftovers(lab, host);
  const ssh = await lab.exec('controller', ['ssh', '-F', `${lab.folder}/ssh_config`, host, 'true']);
  const problems = [...told];
  const hold = (fine: boolean, problem: string) => fine || problems.push(problem);
  hold(state !== 'between', `the host is between: ${await snapshot(lab, host)}\nwas: ${before[host] ?? ''}`);
  hold(expected.state === 'either' || state === expected.state, `the host is as ${state}`);
  hold(expected.result === undefined || result === expected.result, `said ${result}: ${message}`);
  hold(expected.message?.test(message) !== false, `said: ${message}`);
  hold(result !== 'changed' || state === 'after', `said changed, is as ${state}`);
  hold(result !== 'rolled-back' || state === 'before', `said rolled back, is as ${state}`);
  hold(
    fault.expected.exit === undefined || fault.except !== undefined || ended.code === fault.expected.exit,
    `exit ${ended.code}: ${ended.stderr}`,
  );
  hold(left === '', `left behind: ${left}`);
  hold(ssh.code === 0, `ssh does not get in: ${ssh.stderr}`);
  hold(
    next?.code === fault.nextExit,
    `the next run: exit ${next?.code} ${JSON.stringify(next?.hosts[host])}`,
  );
  return { state, result, problems };
}

/** `after` is what a plan finds nothing to do on; only its own kind is asked of a host, by its own traces. */
async function stateOf(host: string, kind: Kind, before: string): Promise<Cell['state']> {
  const now = await snapshot(lab, host);
  if (now === before) return 'before';
  const { stdout } = await lab.exec(host, whole[kind]);
  return stdout.trim() === 'whole' ? 'after' : 'between';
}

const whole: Readonly<Record<Kind, string>> = {
  aliases: `[ "$(ip -4 -o addr show dev eth1 | grep -c ' eth1:[0-4]\\\\')" = 5 ] && echo whole`,
  ruleset: `s=$(iptables-save; iptables-legacy-save 2>/dev/null); case $s in *':FORWARD DROP'*'-A FORWARD -j GWFLEET-FORWARD'*) case $s in *'-A POSTROUTING -j GWFLEET-SNAT'*) echo whole ;; esac ;; esac`,
  sysctl: `[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] && grep -q '^1024.65000$' /proc/sys/net/ipv4/ip_local_port_range && echo whole`,
  default_route: `[ "$(ip -4 route show default | cut -d ' ' -f 1-3)" = 'default via 10.0.0.2' ] && echo whole`,
};

async function states(lane: Lane): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(
    await Promise.all(lane.names.map(async (host) => [host, await snapshot(lab, host)] as const)),
  );
}

/** What the run has written down is what it said and how it ended. */
function writtenDown(run: Run, ended: Ended): readonly string[] {
  const all = events(run);
  const said = Object.entries(ended.hosts).flatMap(([host, { result }]) =>
    all.some((one) => one.type === 'host-finished' && one.host === host && one.result === result)
      ? []
      : [`the journal does not say ${result} of ${host}`],
  );
  const last = all.find(({ type }) => type === 'run-finished')?.exit;
  return last === ended.code ? said : [...said, `the journal says exit ${last}`];
}

/** Guards and scripts end by themselves; one that does not shows as left behind. */
async function quiet(lane: Lane, until: 'nothing left' | 'no process'): Promise<void> {
  await onAll(lane, async (host) => {
    for (let tries = 0; tries < 40; tries += 1) {
      const left = await leftovers(lab, host);
      if (left === '' || (until === 'no process' && !left.includes('engine '))) return;
      await delay(300);
    }
  });
}

describe('the fault matrix', () => {
  describe.each([...faults, twoAtOnce])('$name', ({ name }) => {
    it.each(kinds)('%s', (kind) => {
      expect(failures.get(name)).toBeUndefined();
      const cell = cells.get(name)?.[kind];
      expect(cell).toBeDefined();
      expect(cell?.problems).toEqual([]);
    });
  });
});

afterAll(() => {
  const width = Math.max(...[...faults, twoAtOnce].map(({ name }) => name.length)) + 2;
  const count = { before: 0, after: 0, between: 0, wrong: 0 };
  const rows = [...faults, twoAtOnce].map(({ name }) => {
    const columns = kinds.map((kind) => {
      const cell = cells.get(name)?.[kind];
      if (cell !== undefined) count[cell.state] += 1;
      if (cell === undefined || cell.problems.length > 0) count.wrong += 1;
      const mark = cell === undefined || cell.problems.length > 0 ? ' !' : '';
      return `${cell?.state ?? 'lost'} (${cell?.result ?? '?'})${mark}`.padEnd(24);
    });
    return `${name.padEnd(width)}${columns.join('')}`;
  });
  const head = `${''.padEnd(width)}${kinds.map((kind) => kind.padEnd(24)).join('')}`;
  const counts = Object.entries(count).map(([word, n]) => `${n} ${word}`);
  process.stderr.write(
    `\n${[head, ...rows, `${rows.length * kinds.length} cells: ${counts.join(', ')}`].join('\n')}\n`,
  );
});
