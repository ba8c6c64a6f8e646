/**
 * How drains end and are carried on, each story on a webserver of its own: at the deadline, by Ctrl-C, by kill -9,
 * rolled back, turned round half-way, from a gateway that the inventory does not have, with connections from outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { entryTo, labCalled } from '../../src/lab/exec.ts';
import { type Fleet, fleet } from './fleet.ts';
import { type Held, holdTraffic, type Running, serveTraffic } from './traffic.ts';

const program = fileURLToPath(new URL('../../bin/gwfleet.js', import.meta.url));
let lab: Fleet;

beforeAll(async () => {
  lab = await fleet({ gateways: 2, webservers: 8, defaultRoute: 'gw1' });
  await serveTraffic(lab);
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes', '-l', 'gateways']);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
});

const toB = (rest: string): string => `via: 10.0.0.2, drain: { ${rest} }`;

it.concurrent('leave: at the deadline connections stay pinned, the plan says so, the next apply carries on', async () => {
  const web = 'web01';
  const held = await holdTraffic(lab, web, { count: 5 });
  const first = await apply(web, toB('deadline: 4s, then: leave'));
  expect(first).toMatchObject({ code: 0, ends: ['left 5'] });
  const plan = await lab.gwfleet(['plan', lab.inventory, '-p', first.playbook, '-l', web, '--exit-code']);
  expect(plan).toMatchObject({ code: 0 });
  expect(plan.stdout).toMatch(/! web01: draining, ~5 connections stay on 10\.0\.0\.1, the deadline is over/);
  expect((await apply(web, toB('deadline: 4s, then: leave'))).ends).toEqual(['left 5']);
  expect(await held.end()).toMatchObject({ held: 5, broken: 0 });
  expect(await apply(web, toB('deadline: 4s, then: leave'))).toMatchObject({ code: 0, ends: ['empty 0'] });
  expect(await traces(web)).toBe('');
});

it.concurrent('cut: at the deadline connections break, and how many is said', async () => {
  const web = 'web02';
  const held = await holdTraffic(lab, web, { count: 5 });
  expect(await apply(web, toB('deadline: 4s, then: cut'))).toMatchObject({ code: 0, ends: ['cut 5'] });
  await brokenAll(held, 5);
  expect(await traces(web)).toBe('');
});

it.concurrent('Ctrl-C, then kill -9, then the end: every next command finds the drain on the host', async () => {
  const web = 'web03';
  const held = await holdTraffic(lab, web, { count: 5 });
  const interrupted = start(web, toB('deadline: 10m'));
  await interrupted.heard('drain-progress');
  interrupted.child.kill('SIGINT');
  const { code, ends, stdout } = await interrupted.ended;
  expect({ code, ends }).toEqual({ code: 99, ends: ['left null'] });
  expect(stdout).toContain('interrupted');
  const killed = start(web, toB('deadline: 10m'));
  await killed.heard('drain-progress');
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(await lab.run(web, 'cut -d " " -f 1-2 /run/gwfleet/drain')).toBe('600 leave\n');
  const last = start(web, toB('deadline: 30s'));
  const progress = JSON.parse(await last.heard('drain-progress')) as { deadline: number };
  expect(progress.deadline).toBeGreaterThan(60);
  expect(await held.end()).toMatchObject({ held: 5, broken: 0 });
  expect(await last.ended).toMatchObject({ code: 0, ends: ['empty 0'] });
  expect(await traces(web)).toBe('');
});

it.concurrent('a gateway that is not in the inventory: the host counts, and that is said', async () => {
  const web = 'web04';
  const without = join(lab.folder, 'without-gw1.yaml');
  writeFileSync(without, readFileSync(lab.inventory, 'utf8').replace(/^ *gw1:.*\n/m, ''));
  const held = await holdTraffic(lab, web, { count: 5 });
  const run = start(web, toB('deadline: 10m'), without);
  const progress = JSON.parse(await run.heard('drain-progress')) as object;
  expect(progress).toMatchObject({ gateway: '10.0.0.1', connections: 5, counted: 'host' });
  expect(await held.end()).toMatchObject({ broken: 0 });
  const { code, ends, stdout } = await run.ended;
  expect({ code, ends }).toEqual({ code: 0, ends: ['empty 0'] });
  expect(stdout).toContain('connections on 10.0.0.1 are counted by the hosts themselves');
  expect(await traces(web)).toBe('');
});

it.concurrent('back again while a drain is under way: neither the old nor the new connections break', async () => {
  const web = 'web05';
  const old = await holdTraffic(lab, web, { count: 5 });
  expect((await apply(web, toB('deadline: 1s'))).ends).toEqual(['left 5']);
  const young = await holdTraffic(lab, web, { count: 7 });
  const back = start(web, 'via: 10.0.0.1, drain: { deadline: 10m }');
  const progress = JSON.parse(await back.heard('drain-progress')) as object;
  expect(progress).toMatchObject({ gateway: 'gw2', connections: 7 });
  const third = await holdTraffic(lab, web, { count: 3 });
  expect(await young.end()).toMatchObject({ held: 7, broken: 0 });
  expect(await back.ended).toMatchObject({ code: 0, ends: ['empty 0'] });
  expect(await traces(web)).toBe('');
  expect(await old.end()).toMatchObject({ held: 5, broken: 0 });
  expect(await third.end()).toMatchObject({ held: 3, broken: 0 });
});

it.concurrent('a move that is rolled back leaves old connections and no trace', async () => {
  const web = 'web06';
  const held = await holdTraffic(lab, web, { count: 5 });
  const failing = `${toB('deadline: 10m')} } }, { name: Fails, command: { cmd: exit 3, unless: "false"`;
  expect(await apply(web, failing)).toMatchObject({ code: 3, ends: [] });
  expect(await traces(web)).toBe('');
  expect(await lab.run(web, 'ip route show default')).toMatch(/^default via 10\.0\.0\.1 /);
  expect(await held.end()).toMatchObject({ held: 5, broken: 0 });
});

it.concurrent('connections that came in from outside stay on the old gateway until they end', async () => {
  const web = 'web07';
  await serveTraffic(lab, web);
  await lab.run(
    'gw1',
    `iptables -t nat -A PREROUTING -i eth1 -p tcp --dport 9107 -j DNAT --to-destination 10.0.1.7:9000
iptables -I FORWARD -i eth1 -p tcp -d 10.0.1.7 --dport 9000 -j ACCEPT; iptables -I FORWARD -i eth0 -p tcp -s 10.0.1.7 --sport 9000 -j ACCEPT
iptables -I INPUT -i eth1 -p tcp --dport 9107 -j ACCEPT`,
  );
  const held = await holdTraffic(lab, 'internet', { count: 5, target: '203.0.113.10:9107' });
  const run = start(web, toB('deadline: 10m'));
  const progress = JSON.parse(await run.heard('drain-progress')) as object;
  expect(progress).toMatchObject({ gateway: 'gw1', connections: 5, counted: 'gateway' });
  expect(await held.end()).toMatchObject({ held: 5, broken: 0 });
  expect(await run.ended).toMatchObject({ code: 0, ends: ['empty 0'] });
});

it.concurrent('a host without a default route has nothing to drain; drain: false says what it breaks', async () => {
  const web = 'web08';
  await lab.run(web, 'ip route del default');
  expect(await apply(web, 'via: 10.0.0.1')).toMatchObject({ code: 0, ends: [] });
  expect(await traces(web)).toBe('');
  const held = await holdTraffic(lab, web, { count: 5 });
  const hard = `via: 10.0.0.2, drain: false`;
  const plan = await lab.gwfleet(['plan', lab.inventory, '-p', playbookOf(web, hard), '-l', web]);
  expect(plan.stdout).toMatch(/~ default route +10\.0\.0\.1 -> 10\.0\.0\.2 +web08 +breaks ~5 connections/);
  const soft = await lab.gwfleet(['plan', lab.inventory, '-p', playbookOf(web, 'via: 10.0.0.2'), '-l', web]);
  expect(soft.stdout).toMatch(/web08 +drains ~5 connections/);
  expect(await apply(web, hard)).toMatchObject({ code: 0, ends: [] });
  await brokenAll(held, 5);
  expect(await traces(web)).toBe('');
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  /** `empty 0`, `left 5`: how drains ended. */
  readonly ends: readonly string[];
  readonly playbook: string;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The first event of a type, as its line. */
  heard(type: string): Promise<string>;
}

function playbookOf(web: string, task: string): string {
  const playbook = join(lab.folder, `${web}.yaml`);
  writeFileSync(playbook, `- hosts: ${web}\n  tasks: [{ name: Route, default_route: { ${task} } }]\n`);
  return playbook;
}

async function apply(web: string, task: string): Promise<Ended> {
  return start(web, task).ended;
}

function start(web: string, task: string, inventory = lab.inventory): Run {
  const playbook = playbookOf(web, task);
  const words = [
    process.execPath,
    program,
    'apply',
    inventory,
    '-p',
    playbook,
    '--yes',
    '--progress',
    'jsonl',
  ];
  const env = { XDG_STATE_HOME: join(lab.folder, `state-${web}`) };
  const entry = entryTo(labCalled(lab.name), 'controller', words, { env });
  const child = spawn(entry.command, entry.args, { env: entry.env, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, ends: endings(stdout), playbook }));
  });
  return {
    child,
    ended,
    heard: (type) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = stdout.split('\n').find((text) => text.startsWith(`{"type":"${type}"`));
          if (line !== undefined) resolve(line);
        };
        child.stdout.on('data', look);
        look();
        void ended.then(() => reject(new Error(`no ${type}: ${stdout}`)));
      }),
  };
}

function endings(stdout: string): readonly string[] {
  const events = stdout
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as { type: string; how?: string; connections?: number | null });
  return events.flatMap(({ type, how, connections }) =>
    type === 'drain-finished' ? [`${how} ${connections}`] : [],
  );
}

/** Empty when nothing of a drain is there. */
async function traces(web: string): Promise<string> {
  const look = `ip rule | grep -e '^7[0-9][0-9][0-9]:'; ip route show table all | grep -e ' table 7'; iptables-save; iptables-legacy-save 2>/dev/null; nft list ruleset; conntrack -L 2>/dev/null | grep -v ' mark=0 '; cat /run/gwfleet/drain 2>/dev/null; :`;
  return lab.run(web, look);
}

async function brokenAll(held: Running<Held>, count: number): Promise<void> {
  expect(await held.end()).toMatchObject({ held: count, broken: count });
}
