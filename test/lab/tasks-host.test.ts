/** sysctl, conntrack, file, command and check against the real kernel, under both shells. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { block, sh } from '../../src/shell/sh.ts';
import { check } from '../../src/tasks/check.ts';
import { command } from '../../src/tasks/command.ts';
import { type ConntrackArgs, conntrack } from '../../src/tasks/conntrack.ts';
import { factsProbe, firstLook, readFacts } from '../../src/tasks/facts-probe.ts';
import { file } from '../../src/tasks/file.ts';
import { sysctl } from '../../src/tasks/sysctl.ts';
import { throughScript } from '../../src/tasks/through.ts';
import { applied, planned, shells, type TaskHost, taskHost, turnedBack } from './task-host.ts';

function value(host: TaskHost, path: string): string {
  return host
    .run(sh`cat ${`/proc/sys/${path}`}`)
    .stdout.trim()
    .replace(/\s+/g, ' ');
}

describe.each(shells)('under %s', (_name, shell) => {
  describe('sysctl', () => {
    test('sets, finds nothing more to do, and goes back, with what the kernel reset besides', () => {
      using host = taskHost(shell);
      const args = { 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_local_port_range': ' 1024   65000' };
      host.run(`echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/accept_redirects`);
      const ends = applied(host, sysctl, args);
      expect(value(host, 'net/ipv4/ip_forward')).toBe('1');
      expect(value(host, 'net/ipv4/ip_local_port_range')).toBe('1024 65000');
      turnedBack(host, sysctl, { args, ...ends });
      expect(value(host, 'net/ipv4/conf/all/accept_redirects')).toBe('0');
    });

    test('keeps accept_redirects of its own through the flip of ip_forward', () => {
      using host = taskHost(shell);
      const args = { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.accept_redirects': 1 };
      host.run('echo 0 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv4/conf/all/accept_redirects');
      applied(host, sysctl, args);
      expect(value(host, 'net/ipv4/conf/all/accept_redirects')).toBe('1');
    });

    test('fails in words for a value that the kernel refuses or turns into another', () => {
      using host = taskHost(shell);
      for (const bad of ['99999999999', '1 2']) {
        const args = { 'net.ipv4.ip_forward': bad };
        const { from, wanted } = planned(host, sysctl, args);
        const run = host.run(sysctl.apply(from, wanted.kind === 'state' ? wanted.state : null));
        expect(run.code).toBe(1);
        expect(run.stderr).toContain('the kernel does not take');
      }
    });

    test('takes a missing sysctl for unknown', () => {
      using host = taskHost(shell);
      const { seen } = planned(host, sysctl, { 'net.no.such_key': 1, 'net.ipv4.ip_forward': 1 });
      expect(seen).toEqual({ kind: 'unknown', why: 'no such sysctl on this host: net.no.such_key' });
    });

    test('reaches an interface with a dot in its name', () => {
      using host = taskHost(shell);
      host.run('ip link add eth0.100 type veth peer name other');
      const args = { 'net.ipv4.conf.eth0/100.rp_filter': 2 };
      applied(host, sysctl, args);
      expect(value(host, 'net/ipv4/conf/eth0.100/rp_filter')).toBe('2');
    });
  });

  describe('conntrack', () => {
    test('sets what is the namespace’s, says what is not, and plans nothing the second time', () => {
      using host = taskHost(shell);
      const args = { pool: '203.0.113.10-203.0.113.25', timeouts: 'quick' as const, neighbours: 2000 };
      const { from, wanted } = planned(host, conntrack, args);
      const notes = wanted.kind === 'state' ? (wanted.notes ?? []) : [];
      expect(notes.map(({ text }) => text).join('\n')).toMatch(
        /nf_conntrack_max cannot be set from here and stays \d+, wanted 1048576: beyond \d+ connections/,
      );
      expect(notes.some(({ text }) => text.includes('this host has no net.ipv4.neigh'))).toBe(true);
      const ends = applied(host, conntrack, args);
      expect(ends.from).toEqual(from);
      expect(value(host, 'net/netfilter/nf_conntrack_tcp_timeout_established')).toBe('7440');
      expect(value(host, 'net/netfilter/nf_conntrack_tcp_timeout_syn_sent')).toBe('30');
      turnedBack(host, conntrack, { args, ...ends });
    });

    /** The look as it is where `scene` has been done to the mounts; `before` is put before the shell. */
    const lookedAt = (host: TaskHost, args: ConntrackArgs, scene: string, before = '') => {
      const words = `${scene} || exit 9\nexec ${before} ${shell.join(' ')} "$0"`;
      const output = host.run(sh`unshare -m sh -c ${words} ${conntrack.probe(args).text}`);
      expect(output).toMatchObject({ code: 0, stderr: '' });
      const seen = conntrack.read(output, args);
      const facts = readFacts(host.run(block(firstLook(), factsProbe)));
      // The machine of the test may have none; the scenes have one of their own.
      const to = conntrack.desired(args, seen, { ...facts, tools: [...facts.tools, 'modprobe'] });
      if (seen.kind !== 'present' || to.kind !== 'state') throw new Error(JSON.stringify([seen, to]));
      return {
        from: seen.state,
        to: to.state,
        said: (to.notes ?? []).map(({ text }) => text).join('\n'),
      };
    };

    test.each([
      ['that is not there', 'exit 1', ''],
      ['that we may not load', ':', 'setpriv --bounding-set -sys_module --inh-caps -sys_module'],
    ])('a module %s is a note about capacity, and no failure', (_, modprobe, before) => {
      using host = taskHost(shell);
      const args = { pool: '203.0.113.10-203.0.113.15' };
      const tool = `${host.folder}/bin/modprobe`;
      host.run(sh`mkdir -p ${[`${host.folder}/bin`, `${host.folder}/none`]}
printf '#!/bin/sh\n%s\n' ${modprobe} >${tool}; chmod +x ${tool}`);
      const scene = `PATH=${host.folder}/bin:$PATH; mount --bind ${host.folder}/none /proc/sys/net/netfilter`;
      const { from, to, said } = lookedAt(host, args, scene, before);
      expect(from).toMatchObject({ loaded: false, unloadable: true });
      expect(said).toContain('wanted 524288: beyond 262144 connections or fewer, new ones are refused');
      expect(conntrack.changes(from, to)).toEqual([]);
    });

    test('a module that can be loaded is loaded', () => {
      using host = taskHost(shell);
      const tool = `${host.folder}/modprobe`;
      host.run(sh`mkdir ${`${host.folder}/none`}; printf '#!/bin/sh\n' >${tool}; chmod +x ${tool}`);
      const scene = `PATH=${host.folder}:$PATH; mount --bind ${host.folder}/none /proc/sys/net/netfilter`;
      const { from, to } = lookedAt(host, { pool: '203.0.113.10' }, scene);
      expect(conntrack.changes(from, to)[0]).toMatchObject({ kind: 'module', name: 'nf_conntrack' });
    });

    test('a read-only /proc/sys is notes about capacity, and nothing is planned', () => {
      using host = taskHost(shell);
      const args = { pool: '203.0.113.10-203.0.113.25', timeouts: 'quick' as const };
      const scene = 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys';
      const { from, to, said } = lookedAt(host, args, scene);
      expect(said).toMatch(/nf_conntrack_max cannot be set from here .*: beyond \d+ connections in all/);
      expect(said).toMatch(
        /tcp_timeout_established .* stays 432000, wanted 7440: .* keep their ports for 432000 s/,
      );
      expect(conntrack.changes(from, to)).toEqual([]);
    });

    test('looking at it changes nothing', () => {
      using host = taskHost(shell);
      const args = { pool: '203.0.113.10' };
      const before = host.run('grep -s "" /proc/sys/net/netfilter/*').stdout;
      const first = host.run(conntrack.probe(args)).stdout;
      expect(host.run(conntrack.probe(args)).stdout).toBe(first);
      expect(host.run('grep -s "" /proc/sys/net/netfilter/*').stdout).toBe(before);
    });
  });

  describe('file', () => {
    test.each([
      ['text with a newline at its end', 'it\'s $(id) `id` \\ "x"\n\tümlaut\nGWFLEET\n'],
      ['text without one', 'no newline'],
      ['nothing', ''],
      ['a MiB', `${'x'.repeat(1023)}\n`.repeat(1024)],
    ])('writes %s, and goes back to the old bytes', (_what, content) => {
      using host = taskHost(shell);
      const path = join(host.folder, "a b'c.conf");
      writeFileSync(path, 'old\r\nbytes');
      chmodSync(path, 0o640);
      const args = { path, content, owner: 'nobody', group: '1' };
      const scriptFile = { ...host, run: (script: Parameters<TaskHost['run']>[0]) => longRun(host, script) };
      const ends = applied(scriptFile, file, args);
      expect(readFileSync(path, 'utf8')).toBe(content);
      expect(statSync(path).mode & 0o7777).toBe(0o640);
      expect(statSync(path).gid).toBe(1);
      turnedBack(scriptFile, file, { args, ...ends });
      expect(readFileSync(path, 'utf8')).toBe('old\r\nbytes');
      expect(statSync(path)).toMatchObject({ uid: 0, gid: 0 });
      expect(readdirSync(host.folder).filter((name) => name.startsWith('.gwfleet'))).toEqual([]);
    });

    test('creates, changes the mode alone, removes, and goes back', () => {
      using host = taskHost(shell);
      const path = join(host.folder, 'new');
      const created = applied(host, file, { path, content: 'a\n', mode: '600' });
      expect(statSync(path).mode & 0o7777).toBe(0o600);
      applied(host, file, { path, content: 'a\n', mode: '4755' });
      expect(statSync(path).mode & 0o7777).toBe(0o4755);
      const gone = applied(host, file, { path, state: 'absent' as const });
      turnedBack(host, file, { args: { path, state: 'absent' as const }, ...gone });
      turnedBack(host, file, { args: { path, content: 'a\n' }, ...created });
    });

    test('refuses a link and a folder, in the plan and in the moment', () => {
      using host = taskHost(shell);
      const [link, plain] = [join(host.folder, 'link'), join(host.folder, 'plain')];
      symlinkSync('/etc/passwd', link);
      expect(planned(host, file, { path: link, content: '' }).seen.kind).toBe('unknown');
      expect(planned(host, file, { path: host.folder, content: '' }).seen.kind).toBe('unknown');
      const { from, wanted } = planned(host, file, { path: plain, content: 'x\n' });
      symlinkSync('/etc/passwd', plain);
      const run = host.run(file.apply(from, wanted.kind === 'state' ? wanted.state : null));
      expect(run).toMatchObject({ code: 1, stderr: `gwfleet: ${plain} is not a plain file\n` });
      expect(lstatSync(plain).isSymbolicLink()).toBe(true);
    });

    test('warns when the old bytes cannot be kept', () => {
      using host = taskHost(shell);
      const path = join(host.folder, 'binary');
      for (const bytes of [
        Buffer.from([0, 1, 2]),
        Buffer.from([0xff, 0xfe, 0x41]),
        Buffer.alloc(1_100_000, 97),
      ]) {
        writeFileSync(path, bytes);
        const { wanted } = planned(host, file, { path, content: 'text\n' });
        expect(wanted.kind === 'state' && wanted.notes?.[0]?.text).toContain('cannot bring them back');
        applied(host, file, { path, content: 'text\n' });
      }
    });

    test('fails in words on a disk that is read-only or full, and leaves the old file', () => {
      using host = taskHost(shell);
      const small = (options: string, then: string): string =>
        `unshare -m ${shell.join(' ')} 'mount -t tmpfs -o size=64k none ${host.folder} && cd ${host.folder} && echo old >f && ${options}
${then}
code=$?; cat f; ls -A; exit $code'`;
      const path = join(host.folder, 'f');
      const state = { path, mode: '0644', owner: null, group: null };
      const script = file.apply(
        { ...state, content: 'old\n' },
        { ...state, content: 'new line\n'.repeat(20_000) },
      );
      writeFileSync(`${host.folder}.sh`, script.text);
      const by = `${shell[0] === 'dash' ? 'dash' : 'busybox ash'} ${host.folder}.sh`;
      const full = host.run(small('true', by));
      expect(full).toMatchObject({ code: 1, stdout: 'old\nf\n' });
      expect(full.stderr).toMatch(/No space left|not written whole/);
      const readOnly = host.run(small('mount -o remount,ro .', by));
      expect(readOnly).toMatchObject({ code: 1, stdout: 'old\nf\n' });
      expect(readOnly.stderr).toMatch(/Read-only file system/);
      execFileSync('rm', ['-f', `${host.folder}.sh`]);
    });
  });

  describe('command', () => {
    test('runs while something is missing, and then no more', () => {
      using host = taskHost(shell);
      const made = join(host.folder, "it's made");
      applied(host, command, { argv: ['touch', made], creates: made });
      expect(readdirSync(host.folder)).toEqual(["it's made"]);
      const log = join(host.folder, 'log');
      const unless = `test -s log`;
      applied(host, command, { cmd: `pwd >log; cat >>log`, unless, chdir: host.folder });
      expect(readFileSync(log, 'utf8')).toBe(`${host.folder}\n`);
    });

    test('fails with its command, and does nothing when turned', () => {
      using host = taskHost(shell);
      const { from, wanted } = planned(host, command, { cmd: 'exit 3', creates: join(host.folder, 'x') });
      const to = wanted.kind === 'state' ? wanted.state : null;
      expect(host.run(command.apply(from, to)).code).toBe(3);
      expect(command.apply(to, from).text).toBe('');
    });

    test('takes a question that cannot be asked for unknown', () => {
      using host = taskHost(shell);
      const { seen } = planned(host, command, { cmd: 'true', unless: 'no-such-program-here -x' });
      expect(seen.kind).toBe('unknown');
    });
  });

  describe('check', () => {
    const server = `
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if 'missing' in self.path else 200)
        self.end_headers()
        self.wfile.write(b'it is "ok"\\nreally')
    def log_message(self, *words): pass
server = http.server.HTTPServer(('127.0.0.1', 8080), Page)
server.serve_forever()`;

    test('tells what answers from what does not, with each program there is', async () => {
      using host = taskHost(shell);
      const name = host.run('ip netns identify $$').stdout.trim();
      const child = spawn('ip', ['netns', 'exec', name, '/usr/bin/python3', '-c', server], {
        stdio: 'ignore',
      });
      try {
        await answering(host);
        const result = (args: Parameters<typeof check.probe>[0], hidden = ''): string => {
          const found = check.read(host.run(`${hidden}\n${check.probe({ retries: 0, ...args }).text}`), args);
          return found.kind === 'present' ? (found.state.why ?? found.state.result) : found.kind;
        };
        for (const hidden of ['', without('bash'), without('bash', 'nc'), without('bash', 'nc', 'python3')]) {
          expect(result({ tcp: '127.0.0.1:8080' }, hidden)).toBe('ok');
          expect(result({ tcp: '127.0.0.1:8081' }, hidden)).toBe(
            'tcp 127.0.0.1:8081: no connection within 3 s',
          );
        }
        for (const hidden of programsForPages(host)) {
          const page = 'http://127.0.0.1:8080/?a=1&b=[2]';
          expect(result({ http: page, contains: 'is "ok"\nreal' }, hidden)).toBe('ok');
          expect(result({ http: page, contains: '$(id)' }, hidden)).toContain(
            'does not have the wanted text',
          );
          expect(result({ http: 'http://127.0.0.1:8080/missing' }, hidden)).toContain(
            ': status 404, wanted 200',
          );
          expect(result({ http: 'http://127.0.0.1:8081/' }, hidden)).toBe(
            'http http://127.0.0.1:8081/: no answer within 3 s',
          );
        }
        const [, , , busybox] = programsForPages(host);
        expect(result({ http: 'https://127.0.0.1:8080/' }, busybox)).toBe('unknown');
        expect(result({ http: 'http://me:token@127.0.0.1:8080/' }, busybox)).toBe('unknown');
        expect(result({ ping: '127.0.0.1' })).toBe('ok');
        expect(result({ ping: '198.51.100.1', timeout_seconds: 1 })).toBe(
          'ping 198.51.100.1: no answer within 1 s',
        );
        expect(result({ tcp: '127.0.0.1:8080' }, without('bash', 'nc', 'python3', 'perl'))).toBe('unknown');
      } finally {
        child.kill('SIGKILL');
      }
    });

    test('shows the token of a URL in no process list, whatever program fetches it', async () => {
      using host = taskHost(shell);
      const name = host.run('ip netns identify $$').stdout.trim();
      // It accepts and says nothing: every program is still running when we look.
      const silent = 'import socket, time; s = socket.create_server(("127.0.0.1", 8080)); time.sleep(600)';
      const server = spawn('ip', ['netns', 'exec', name, 'python3', '-c', silent], { stdio: 'ignore' });
      // Other tests have canaries of their own in their process lists.
      const canary = `canary${randomBytes(6).toString('hex')}`;
      const http = `http://127.0.0.1:8080/${canary}?t=${canary}`;
      const fetchers = [/^curl /, /python3 -c import sys, urllib/, /^wget /, /^nc 127\.0\.0\.1 8080/];
      try {
        await answering(host);
        for (const [index, hidden] of programsForPages(host).entries()) {
          const probe = check.probe({ http, timeout_seconds: 2, retries: 0 });
          const { said, lists } = await watched(host, [name, ...shell], `${hidden}\n${probe.text}`);
          expect(said).toBe('failed: no answer within 2 s\n');
          expect(lists).toContainEqual(expect.stringMatching(fetchers[index] ?? /^$/));
          expect(lists.filter((line) => line.includes(canary))).toEqual([]);
        }
        host.run(
          'ip link add d0 type veth peer name d1; ip link set d1 up; ip addr add 10.0.0.1/24 dev d0; ip link set d0 up; ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev d0',
        );
        const order = { via: '10.0.0.2', probes: [{ http }], timeoutSeconds: 2, retries: 0 };
        const { said, lists } = await watched(host, [name, ...shell], throughScript('mark', [order]).text);
        expect(said).toBe('mark 0 probe 0 failed: no answer within 2 s\nmark looked\n');
        expect(lists).toContainEqual(expect.stringMatching(/^curl /));
        expect(lists.filter((line) => line.includes(canary))).toEqual([]);
      } finally {
        server.kill('SIGKILL');
      }
    });
  });
});

/** A script that is too long for one argument of exec. */
function longRun(host: TaskHost, script: Parameters<TaskHost['run']>[0]): ReturnType<TaskHost['run']> {
  const text = typeof script === 'string' ? script : script.text;
  if (text.length < 100_000) return host.run(text);
  const path = join(host.folder, 'long.sh');
  writeFileSync(path, text);
  return host.run(`. ${path}; code=$?; rm -f ${path}; exit $code`);
}

/** A `command -v` that does not know these programs; busybox and dash both let a function stand in its way. */
function without(...programs: readonly string[]): string {
  const cases = programs.map((program) => `"-v ${program}"`).join(' | ');
  const nc = programs.includes('nc') ? 'nc() { return 127; }\n' : '';
  return `${nc}command() { case "$*" in ${cases}) return 1 ;; esac; which "$2"; }`;
}

/** What `ps` would show to everybody now. */
function processLists(): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
}

/** What a script says, and every process list while it runs. */
async function watched(
  host: TaskHost,
  [name = '', ...shell]: readonly string[],
  script: string,
): Promise<{ readonly said: string; readonly lists: readonly string[] }> {
  const file = join(host.folder, 'script.sh');
  writeFileSync(file, `${script}\n`);
  const words = ['netns', 'exec', name, ...shell.slice(0, -1), file];
  const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<boolean>((resolve) => child.on('close', () => resolve(true)));
  const lists = new Set<string>();
  const tick = () => new Promise<boolean>((resolve) => setTimeout(resolve, 50, false));
  do for (const line of processLists()) lists.add(line);
  while (!(await Promise.race([ended, tick()])));
  return { said, lists: [...lists] };
}

/** Each program that fetches pages once, by hiding those before it; the last is a host of busybox alone. */
function programsForPages(host: TaskHost): readonly string[] {
  const applets = join(host.folder, 'applets');
  host.run(`mkdir -p ${applets} && busybox --install -s ${applets}`);
  return ['', without('curl'), without('curl', 'python3'), `PATH=${applets}`];
}

async function answering(host: TaskHost): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    if (host.run('nc -z 127.0.0.1 8080').code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the web server of the test does not answer');
}
