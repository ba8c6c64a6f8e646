import { describe, expect, test } from 'vitest';
import { readValues, sysctlKey, sysctlPath } from '../../src/tasks/proc-sys.ts';
import { sysctl } from '../../src/tasks/sysctl.ts';
import { facts } from './samples.ts';

test('a host that stops forwarding cuts the ways in that pass it', () => {
  const way = {
    kind: 'forwarded',
    host: 'web01',
    clientAddress: '198.51.100.9',
    serverAddress: '10.0.1.1',
    clientSide: 'eth1',
    hostSide: 'eth0',
  } as const;
  const state = (value: string) => ({ values: { 'net.ipv4.ip_forward': value }, reset: {} });
  expect(sysctl.wayIn?.(state('1'), state('0'), way, facts)).toEqual([
    {
      kind: 'cuts',
      text: 'the way in to web01 is forwarded here from 198.51.100.9, and net.ipv4.ip_forward ends that',
    },
  ]);
  expect(sysctl.wayIn?.(state('0'), state('1'), way, facts)).toEqual([]);
});

describe('sysctl names', () => {
  test.each([
    ['net.ipv4.ip_forward', 'net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
    ['net/ipv4/ip_forward', 'net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
    [
      'net/ipv4/conf/eth0.100/rp_filter',
      'net.ipv4.conf.eth0/100.rp_filter',
      '/proc/sys/net/ipv4/conf/eth0.100/rp_filter',
    ],
    [
      'net.ipv4.conf.eth0/100.rp_filter',
      'net.ipv4.conf.eth0/100.rp_filter',
      '/proc/sys/net/ipv4/conf/eth0.100/rp_filter',
    ],
  ])('%s is %s', (name, key, path) => {
    expect(sysctlKey(name)).toBe(key);
    expect(sysctlPath(key)).toBe(path);
  });

  test.each([
    ...[
      '',
      'net',
      '.net.ipv4',
      'net..ipv4',
      '../../etc/passwd',
      'net/../../../etc/passwd',
      'net.ipv4.//.//.etc',
    ],
    ...[
      'net.ipv4.$(id)',
      'net.ipv4.a b',
      'net.ipv4.a\nb',
      'net/ipv4/-e',
      '/net/ipv4/ip_forward',
      'net.ipv4.*',
    ],
  ])('%j is not a name, or stays below /proc/sys', (name) => {
    const key = sysctlKey(name);
    if (key !== undefined)
      expect(sysctlPath(key)).toMatch(/^\/proc\/sys(?:\/(?!\.{1,2}(?:\/|$))[^/\s$*]+)+$/);
  });

  test('hostile names are problems', () => {
    for (const name of ['../x', 'net/../../etc/passwd', 'net.ipv4.$(id)', 'net.ipv4.*'])
      expect(sysctl.problems({ [name]: 1 })).toMatchObject([{ path: [name] }]);
  });

  test('two spellings of one name are a problem, and so is a value of two lines', () => {
    const twice = { 'net.ipv4.ip_forward': 1, 'net/ipv4/ip_forward': 0 };
    expect(sysctl.problems(twice)[0]?.message).toContain('are the same sysctl');
    expect(sysctl.problems({ 'net.ipv4.ip_forward': '1\n2' })).toHaveLength(1);
  });
});

test('values are read with folded white space, colons in names and values included', () => {
  const keys = ['net.ipv4.conf.eth0:1.rp_filter', 'net.ipv4.ip_local_port_range', 'kernel.core_pattern'];
  const stdout = [
    '/proc/sys/net/ipv4/conf/eth0:1/rp_filter:1',
    '/proc/sys/net/ipv4/ip_local_port_range:32768\t60999',
    '/proc/sys/kernel/core_pattern:|/x:y',
    '/proc/sys/kernel/foreign:1',
    'noise',
  ].join('\n');
  expect(readValues({ code: 0, stdout, stderr: '' }, keys)).toEqual({
    'net.ipv4.conf.eth0:1.rp_filter': '1',
    'net.ipv4.ip_local_port_range': '32768 60999',
    'kernel.core_pattern': '|/x:y',
  });
});

describe('a plan', () => {
  const args = { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.rp_filter': 1 };
  const stdout = [
    '/proc/sys/net/ipv4/conf/all/rp_filter:0',
    '/proc/sys/net/ipv4/ip_forward:0',
    '/proc/sys/net/ipv4/conf/all/accept_redirects:1',
  ].join('\n');
  const seen = sysctl.read({ code: 0, stdout, stderr: '' }, args);
  const from = seen.kind === 'present' ? seen.state : null;
  const wanted = sysctl.desired(args, seen, facts);
  const to = wanted.kind === 'state' ? wanted.state : null;

  test('has one line a key', () => {
    expect(sysctl.changes(from, to)).toEqual([
      { action: 'update', kind: 'sysctl', name: 'net.ipv4.ip_forward', from: '0', to: '1' },
      { action: 'update', kind: 'sysctl', name: 'net.ipv4.conf.all.rp_filter', from: '0', to: '1' },
    ]);
  });

  test('writes ip_forward last, whatever the order in the task', () => {
    expect(sysctl.apply(from, to).text).toMatch(
      /gwfleet_put net\.ipv4\.conf\.all\.rp_filter[\s\S]*gwfleet_put net\.ipv4\.ip_forward/,
    );
  });

  test('puts back what the flip of ip_forward reset', () => {
    expect(sysctl.apply(to, from).text).toContain('gwfleet_put net.ipv4.conf.all.accept_redirects');
  });

  const booted = (init: 'systemd' | 'other') =>
    JSON.stringify(
      sysctl.boot(to, { ...facts, boot: { init, owners: [], rulesUnits: [], profiles: [], files: [] } }),
    );

  test('survives a restart by one late file for each key', () => {
    expect(sysctl.boot(to, facts)).toContainEqual(
      expect.objectContaining({
        path: '/etc/sysctl.d/99-zz-gwfleet-net.ipv4.conf.all.rp_filter.conf',
        mode: 0o644,
        content: `# Written by gwfleet.\nnet.ipv4.conf.all.rp_filter = ${to?.values['net.ipv4.conf.all.rp_filter'] ?? ''}\n`,
      }),
    );
  });

  test('forwards at boot only where the rules are loaded before it', () => {
    expect(booted('systemd')).toContain('net.ipv4.ip_forward = ');
    expect(booted('other')).not.toContain('ip_forward');
    expect(JSON.stringify(sysctl.boot(to, facts))).not.toContain('ip_forward');
  });
});
