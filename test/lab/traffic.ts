/**
 * Connections that are watched packet by packet while a fleet changes under them: held ones that exchange bytes ten
 * times a second, new ones all the time, datagram flows. The program is `traffic/traffic.py`, run inside the hosts.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { entryTo, labCalled } from '../../src/lab/exec.ts';
import type { Fleet } from './fleet.ts';

const program = readFileSync(fileURLToPath(new URL('traffic/traffic.py', import.meta.url)), 'utf8');

export const trafficPort = 9000;
export const trafficTarget = `198.51.100.7:${trafficPort}`;

export interface Held {
  readonly held: number;
  readonly broken: number;
  /** Of the broken, those that fell silent instead of failing. */
  readonly silent: number;
  /** The longest time in seconds that a living one has been without an answer. */
  readonly quiet: number;
  readonly failures: readonly string[];
}

export interface Fresh {
  readonly opened: number;
  readonly failed: number;
  readonly failures: readonly string[];
  /** Epoch seconds of the first packet, and the address that the other end saw. */
  readonly log: readonly (readonly [number, string])[];
}

export interface Datagrams extends Held {
  /** For each flow, the addresses that the other end saw, one after the other. */
  readonly seen: readonly (readonly string[])[];
}

/** Traffic that runs until it is ended; then it says what became of it. */
export interface Running<Report> {
  end(): Promise<Report>;
}

/** The other end, on the lab's internet. It ends with the lab. */
export async function serveTraffic(lab: Fleet, host = 'internet'): Promise<Running<void>> {
  return started<void>(lab, host, ['serve', String(trafficPort)]);
}

/** `count` TCP connections, all of them standing when this returns. */
export async function holdTraffic(
  lab: Fleet,
  host: string,
  { count, target = trafficTarget }: { readonly count: number; readonly target?: string },
): Promise<Running<Held>> {
  return started(lab, host, ['hold', target, String(count)]);
}

/** `rate` new TCP connections a second. */
export async function freshTraffic(lab: Fleet, host: string, rate: number): Promise<Running<Fresh>> {
  return started(lab, host, ['fresh', trafficTarget, String(rate)]);
}

/** `count` UDP flows. */
export async function datagramTraffic(lab: Fleet, host: string, count: number): Promise<Running<Datagrams>> {
  return started(lab, host, ['datagrams', trafficTarget, String(count)]);
}

async function started<Report>(lab: Fleet, host: string, args: readonly string[]): Promise<Running<Report>> {
  const entry = entryTo(labCalled(lab.name), host, ['python3', '-c', program, ...args], {});
  const child = spawn(entry.command, entry.args, { env: entry.env, stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  const over = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const fault = (): Error => new Error(`traffic ${args.join(' ')} on ${host}: ${said.stderr}${said.stdout}`);
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString();
      if (said.stderr.includes('ready\n')) resolve();
    });
    void over.then(() => reject(fault()));
  });
  return {
    end: async () => {
      child.stdin.end();
      if ((await over) !== 0) throw fault();
      return (said.stdout === '' ? undefined : JSON.parse(said.stdout)) as Report;
    },
  };
}
