/**
 * Puts the controller of a lab a round trip away from every host: by the kernel's netem where it has one, otherwise by
 * `distance.py`. Both delay packets, so a handshake pays as data does. It lives in the lab's pid namespace: when the lab
 * goes, it goes, whatever ended the lab; when we die, its standard input ends, and so does it.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { labCalled, labExec } from '../../../src/lab/exec.ts';

export interface Distance {
  /** In words, for the reader of a table. */
  readonly by: string;
  /** What the delaying itself has cost so far, in words. */
  report(): Promise<string>;
}

export interface Figures {
  /** Towards the hosts, and back. */
  readonly frames: readonly [number, number];
  readonly cpu: number;
  /** Milliseconds that 99 of 100 frames left too late, at most. */
  readonly late99: number;
}

/** Paths of this folder, from the package's, where npm and vitest run what they run. */
const program = resolve('test/bench/push/distance.py');

/** @param rtt milliseconds. Throws when what was asked for is not what is measured then, from handshake to handshake. */
export async function farAway(lab: string, rtt: number, addresses: readonly string[]): Promise<Distance> {
  const distance = (await byNetem(lab, rtt)) ?? (await byProgram(lab, rtt));
  const isRight = (ms: number): boolean => ms >= rtt && ms <= rtt + Math.max(3, rtt * 0.06);
  let seen = await measured(lab, addresses);
  // A busy moment of the machine is none of the distance's.
  for (let left = 3; left > 0 && !(isRight(seen.ping) && isRight(seen.connect)); left -= 1)
    seen = await measured(lab, addresses);
  if (!isRight(seen.ping) || !isRight(seen.connect))
    throw new Error(
      `asked for a round trip of ${rtt} ms, but ping takes ${seen.ping.toFixed(1)} ms and a TCP connect ${seen.connect.toFixed(1)} ms`,
    );
  const words = `measured: ping ${seen.ping.toFixed(1)} ms, TCP connect ${seen.connect.toFixed(1)} ms`;
  return { ...distance, by: `delayed by ${distance.by}; ${words}` };
}

async function byNetem(lab: string, rtt: number): Promise<Distance | undefined> {
  const delay = `tc qdisc add dev eth0 root netem delay ${rtt}ms limit 100000`;
  const { code } = await labExec(lab, 'controller', delay.split(' '));
  return code === 0
    ? { by: "the kernel's netem", report: () => Promise.resolve('the kernel delayed') }
    : undefined;
}

async function byProgram(lab: string, rtt: number): Promise<Distance> {
  const { child, ask } = await startDelaying(lab, rtt);
  child.unref();
  return {
    by: 'test/bench/push/distance.py (this kernel has no netem)',
    report: async () => {
      const { frames, cpu, late99 } = await ask();
      const all = frames[0] + frames[1];
      return `distance.py delayed ${all} frames with ${((cpu / all) * 1e6).toFixed(0)} ms of CPU per 1,000; 99 of 100 left within ${late99.toFixed(1)} ms of their time`;
    },
  };
}

/** The program itself, when it delays. `ask` gives its figures so far. */
export async function startDelaying(
  lab: string,
  rtt: number,
): Promise<{ readonly child: ChildProcessWithoutNullStreams; readonly ask: () => Promise<Figures> }> {
  const { pid } = labCalled(lab);
  const inSwitch = ['--target', String(pid), '--net', '--pid', '--'];
  const words = ['python3', program, String(rtt), 'controller-eth0', 'inside'];
  const child = spawn('nsenter', [...inSwitch, ...words]);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout });
  const next = async (): Promise<string> => {
    const [line] = (await Promise.race([once(lines, 'line'), once(child, 'close')])) as [unknown];
    if (typeof line === 'string') return line;
    throw new Error(`distance.py ended: ${complaint.trim().split('\n').at(-1) ?? ''}`);
  };
  await next();
  return {
    child,
    ask: async () => {
      const answer = next();
      child.stdin.write('\n');
      return JSON.parse(await answer) as Figures;
    },
  };
}

/** Medians in milliseconds, after everybody has learned everybody's hardware address. */
async function measured(
  lab: string,
  addresses: readonly string[],
): Promise<{ readonly ping: number; readonly connect: number }> {
  const here = async (argv: readonly string[], input = ''): Promise<string> => {
    const { code, stdout, stderr } = await labExec(lab, 'controller', argv, { input, timeoutSeconds: 60 });
    if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code} ${stderr}${stdout}`);
    return stdout;
  };
  await here(['xargs', '-P', '16', '-n', '1', 'ping', '-q', '-c', '1', '-W', '5'], addresses.join('\n'));
  const first = addresses[0] ?? '';
  const pings = await here(['ping', '-c', '11', '-i', '0.1', '-W', '5', first]);
  const connects = await here(['python3', '-c', connecting, first]);
  return {
    ping: middle([...pings.matchAll(/time=([\d.]+)/g)].map(([, ms]) => Number(ms))),
    connect: middle(connects.trim().split('\n').map(Number)),
  };
}

const connecting = `import socket, sys, time
for _ in range(11):
    began = time.monotonic()
    socket.create_connection((sys.argv[1], 22)).close()
    print((time.monotonic() - began) * 1000)`;

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
