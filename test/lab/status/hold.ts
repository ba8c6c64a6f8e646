/** Real connections of a lab that stay open until they are let go. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { entryTo, labCalled } from '../../../src/lab/exec.ts';
import type { Fleet } from '../fleet.ts';

/** As text: a host has a /tmp of its own, and the checkout may lie in ours. */
const program = readFileSync(new URL('./hold.py', import.meta.url), 'utf8');

export interface Held {
  readonly opened: number;
  readonly refused: number;
  letGo(): Promise<void>;
}

/** `serve` in the internet, `open` in a host; what: `198.51.100.7:9001` or `198.51.100.7:9001=100`. */
export async function hold(
  lab: Fleet,
  host: string,
  role: 'serve' | 'open',
  what: readonly string[],
): Promise<Held> {
  const entry = entryTo(labCalled(lab.name), host, ['python3', '-c', program, role, ...what], {});
  const child = spawn(entry.command, entry.args, { env: entry.env, stdio: ['pipe', 'pipe', 'inherit'] });
  const [opened, refused] = await ready(child, `${role} in ${host}`);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    opened,
    refused,
    letGo: () => {
      child.stdin.end();
      return ended;
    },
  };
}

function ready(child: ChildProcess, name: string): Promise<[number, number]> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, opened, refused] = /^ready (\d+) (\d+)$/m.exec(said) ?? [];
      if (opened !== undefined) resolve([Number(opened), Number(refused)]);
    });
  });
}
