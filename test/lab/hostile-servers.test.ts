/**
 * Servers that fail or lie at every stage of SSH, each for every command: each ends by its own limits, names each host,
 * bounds its memory, and lets no sign through that a terminal would obey.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecResult } from '../../src/lab/exec.ts';
import { type Folder, folderOf } from './bundle.ts';
import { type HostileServers, obeyed, openHostileServers } from './hostile/servers.ts';
import { makeKey } from './remote/sshd.ts';

const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));

interface Ended extends ExecResult {
  /** The most memory that it ever held. */
  readonly peakBytes: number;
}

describe('servers that misbehave at every stage of SSH', () => {
  let hostile: HostileServers;
  let folder: Folder;
  const ends = new Map<string, Ended>();

  beforeAll(async () => {
    hostile = await openHostileServers();
    folder = folderOf({ known_hosts: hostile.knownHosts });
    makeKey(join(folder.path, 'id'), 'ed25519');
    for (const transport of ['ssh', 'openssh']) folder.write(`${transport}.yaml`, inventory(transport));
    const commands = {
      plan: ['plan', 'ssh.yaml', '--progress', 'jsonl'],
      apply: ['apply', 'ssh.yaml', '--yes', '--json'],
      status: ['status', 'ssh.yaml'],
      check: ['hostkeys', 'check', 'ssh.yaml'],
      scan: ['hostkeys', 'scan', 'ssh.yaml', '--json'],
      openssh: ['plan', 'openssh.yaml'],
    };
    // Each waits for the limits of the slowest host, and so they wait together.
    await Promise.all(
      Object.entries(commands).map(async ([name, words]) => ends.set(name, await run(folder.path, words))),
    );
  });

  afterAll(() => {
    hostile.close();
    folder[Symbol.dispose]();
  });

  function inventory(transport: string): string {
    const hosts = hostile.servers.map(({ name, port }, index) => [
      name,
      { ansible_port: port, snat_pool: `203.0.113.${index + 1}`, internal_address: `10.0.0.${index + 1}` },
    ]);
    const vars = {
      ansible_host: '127.0.0.1',
      ansible_user: 'root',
      ansible_connection: transport,
      ansible_ssh_private_key_file: join(folder.path, 'id'),
      ansible_ssh_common_args: `-o UserKnownHostsFile=${join(folder.path, 'known_hosts')}`,
    };
    return JSON.stringify({
      all: { vars, children: { gateways: { hosts: Object.fromEntries(hosts) as object } } },
    });
  }

  it.each([
    ['plan', 2],
    ['apply', 2],
    ['status', 2],
    ['check', 4],
    ['scan', 4],
    ['openssh', 4],
  ])('%s ends with %i and no sign that a terminal obeys', (name, code) => {
    const { stdout, stderr, ...ended } = ends.get(name)!;
    expect(ended.code).toBe(code);
    expect(stdout.split('\n').filter((line) => obeyed.test(line))).toEqual([]);
    expect(stderr.split('\n').filter((line) => obeyed.test(line))).toEqual([]);
    expect(ended.peakBytes).toBeLessThan(400e6);
    expect(`${stdout}${stderr}`).not.toMatch(/undefined|\[object|at .*\.js:\d|bug in gwfleet/);
  });

  it('every host is told, with its own reason', () => {
    const told = JSON.parse(ends.get('apply')!.stdout) as {
      hosts: Record<string, { result: string; message: string }>;
    };
    for (const { name } of hostile.servers) {
      expect(told.hosts[name]?.result, name).toMatch(/^(?:unreachable|failed)$/);
      expect(told.hosts[name]?.message, name).toMatch(/\w+ \w+/);
      expect(ends.get('openssh')!.stdout).toContain(`x ${name} unreachable: `);
    }
    const message = (name: string) => told.hosts[name]?.message ?? '';
    expect(message('says-nothing')).toMatch(/the SSH login was not done within 15 s/);
    expect(message('no-newline')).toMatch(/broke during the login: Header line too long/);
    expect(message('refuses-with-escapes')).toMatch(/refused the login of root, tried: .*id/);
    expect(message('opens-no-session')).toMatch(/opened no session for the script: no answer within 60 s/);
    expect(message('talks-without-end')).toMatch(/did not answer within 60 s/);
    expect(message('runs-and-ends-at-once')).toMatch(/did not run the script \(exit 0\)/);
    expect(message('hangs-up-in-the-script')).toMatch(/connection lost/);
  });

  it('the journal on disk has no such sign either', () => {
    const runs = join(folder.path, 'state/gwfleet/runs');
    const [run = ''] = readdirSync(runs);
    for (const file of ['events.jsonl', 'plan.json', 'run.json'])
      expect(obeyed.test(readFileSync(join(runs, run, file), 'utf8')), file).toBe(false);
  });
});

function run(cwd: string, args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, XDG_STATE_HOME: join(cwd, 'state'), NO_COLOR: '1' };
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid ?? 0));
  }, 500);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code: code ?? 255, ...said, peakBytes });
    }),
  );
}

/** VmHWM of proc(5); 0 when it has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
