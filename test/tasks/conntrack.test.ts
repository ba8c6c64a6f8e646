import { describe, expect, test } from 'vitest';
import { conntrack } from '../../src/tasks/conntrack.ts';
import { facts } from './samples.ts';

const table = '/proc/sys/net/netfilter/nf_conntrack_';

/** As Linux 6.1 prints it in the root namespace; `locked` lines as inside another one. */
function probed({ max = 262_144, locked = false, root = true } = {}) {
  const stdout = [
    'probed',
    ...(root ? ['root-namespace'] : []),
    ...(locked ? [`locked ${table}max`, `locked ${table}buckets`] : []),
    `${table}max:${max}`,
    `${table}buckets:${max}`,
    `${table}tcp_loose:1`,
    `${table}tcp_timeout_established:432000`,
    `${table}tcp_timeout_fin_wait:120`,
    `${table}tcp_timeout_last_ack:30`,
    `${table}tcp_timeout_time_wait:120`,
    '',
  ].join('\n');
  return { code: 0, stdout, stderr: '' };
}

/** As above, with the sides of a gateway. */
function sided(wayOut = 'eth1', reverseAll = 0) {
  const conf = '/proc/sys/net/ipv4/conf/';
  const lines = ['eth0', 'eth1'].flatMap((device) =>
    ['rp_filter:0', 'accept_redirects:1', 'send_redirects:1'].map((line) => `${conf}${device}/${line}`),
  );
  const { stdout, ...rest } = probed();
  const all = [`~ way-out ${wayOut}`, `${conf}all/rp_filter:${reverseAll}`, `${conf}all/send_redirects:1`];
  return { ...rest, stdout: stdout.replace('probed\n', ['probed', ...all, ...lines, ''].join('\n')) };
}

function wish(
  args: Parameters<typeof conntrack.desired>[0],
  output = probed(),
  host: Partial<typeof facts> = {},
) {
  const wanted = conntrack.desired(args, conntrack.read(output, args), {
    ...facts,
    memoryBytes: 64e9,
    ...host,
  });
  if (wanted.kind === 'refused' || wanted.state === null) throw new Error('refused');
  const short = Object.entries(wanted.state.values).map(([key, value]) => [
    key.replace(/.*nf_conntrack_/, ''),
    value,
  ]);
  const values = Object.fromEntries(short) as Record<string, string>;
  return { values, text: (wanted.notes ?? []).map(({ text }) => text).join('\n'), state: wanted.state };
}

describe('the table’s size', () => {
  test.each([
    ['203.0.113.10', 262_144],
    ['203.0.113.10-203.0.113.13', 262_144],
    ['203.0.113.10-203.0.113.14', 524_288],
    ['203.0.113.10-203.0.113.15', 524_288],
    ['203.0.113.16/28', 1_048_576],
  ])('for %s is %d', (pool, entries) => {
    expect(wish({ pool }).values).toMatchObject({ max: String(entries), buckets: String(entries) });
  });

  test('is capped by memory, with a warning in figures', () => {
    const { values, text } = wish({ pool: '203.0.113.16/28' }, probed(), { memoryBytes: 4 * 1024 ** 3 });
    expect(values).toMatchObject({ max: '663552' });
    expect(text).toContain('memory allows 663552 entries, 16 addresses can carry 1032192 to one destination');
  });

  test('is never lowered, neither by the pool nor by max', () => {
    const big = probed({ max: 2_097_152 });
    expect(wish({ pool: '203.0.113.10' }, big).values).toMatchObject({ max: '2097152' });
    expect(wish({ pool: '203.0.113.10', max: 4096, buckets: 4096 }, big).values).toMatchObject({
      max: '2097152',
      buckets: '2097152',
    });
  });

  test('says its memory when it grows, and nothing when it does not', () => {
    expect(wish({ pool: '203.0.113.10-203.0.113.15' }).text).toBe(
      'a table of 524288 entries: 200 MiB when full, 4 MiB of buckets',
    );
    expect(wish({ pool: '203.0.113.10' }).text).toBe('');
  });
});

describe('what the host does not let us set', () => {
  test('is a note about capacity and no change', () => {
    const { text, state } = wish(
      { pool: '203.0.113.10-203.0.113.15' },
      probed({ locked: true, root: false }),
    );
    expect(text).toContain(
      'stays 262144, wanted 524288: beyond 262144 connections in all, new ones are refused',
    );
    expect(conntrack.changes(state, state)).toEqual([]);
    expect(state.values['net.netfilter.nf_conntrack_max']).toBe('262144');
    expect(JSON.stringify(conntrack.boot(state, facts))).not.toContain('nf_conntrack_max');
  });

  test('is the whole table where the module is missing and cannot be loaded', () => {
    const nothing = { code: 0, stdout: 'probed\nroot-namespace\n', stderr: '' };
    const { text, state } = wish({ pool: '203.0.113.10' }, nothing, { tools: ['ip'] });
    expect(text).toContain('not loaded and cannot be loaded from here');
    expect(text).toContain('wanted 262144: beyond 262144 connections or fewer, new ones are refused');
    expect(conntrack.changes(state, state)).toEqual([]);
    const forbidden = { ...nothing, stdout: 'probed\nunloadable\nroot-namespace\n' };
    const container = wish({ pool: '203.0.113.10-203.0.113.15' }, forbidden);
    expect(container.text).toContain('cannot be loaded from here');
    expect(container.state.loaded).toBe(false);
    expect(conntrack.boot(container.state, facts)).toEqual([]);
  });
});

describe('a module that is not loaded', () => {
  const nothing = { code: 0, stdout: 'probed\nroot-namespace\n', stderr: '' };

  test('is loaded before the values are set, and stays when that is undone', () => {
    const args = { pool: '203.0.113.10' };
    const seen = conntrack.read(nothing, args);
    const from = seen.kind === 'present' ? seen.state : null;
    const { state } = wish(args, nothing);
    expect(conntrack.changes(from, state)[0]).toMatchObject({ kind: 'module', name: 'nf_conntrack' });
    expect(conntrack.apply(from, state).text).toMatch(/modprobe nf_conntrack[\s\S]*gwfleet_put/);
    expect(conntrack.changes(state, from)).toEqual([]);
    expect(conntrack.apply(state, from).text).toBe('');
  });

  test('has only its timeouts to set outside the root namespace', () => {
    const { values } = wish({ pool: '203.0.113.10' }, { ...nothing, stdout: 'probed\n' });
    expect(values).not.toHaveProperty('max');
    expect(values).toMatchObject({ tcp_timeout_established: '7440' });
  });
});

describe('timeouts', () => {
  const pool = '203.0.113.10';

  test('free ports faster only on kernels that do not reuse them', () => {
    expect(wish({ pool }).values).toMatchObject({
      tcp_timeout_established: '7440',
      tcp_timeout_time_wait: '30',
      tcp_loose: '1',
    });
    const newer = wish({ pool }, probed(), { kernel: '6.18.44' }).values;
    expect(newer).toMatchObject({ tcp_timeout_established: '7440' });
    expect(newer).not.toHaveProperty('tcp_timeout_time_wait');
  });

  test('of a profile, of one’s own, and the kernel’s', () => {
    expect(wish({ pool, timeouts: 'kernel' }).values).not.toHaveProperty('tcp_timeout_established');
    expect(wish({ pool, timeouts: { tcp_established: 9000 } }).values).toMatchObject({
      tcp_timeout_established: '9000',
    });
  });
});

test('a pool that cannot be read is a problem with its part', () => {
  expect(conntrack.problems({ pool: ['203.0.113.10', '10.1'] })).toMatchObject([{ path: ['pool', 1] }]);
});

describe('the two sides', () => {
  const args = { pool: '203.0.113.10', internal: 'eth0', external: 'eth1' };
  const conf = (
    output = sided(),
    more: Partial<Parameters<typeof wish>[0]> = {},
    host: Partial<typeof facts> = {},
  ) => {
    const { values, text } = wish({ ...args, ...more }, output, host);
    const own = Object.entries(values).filter(([key]) => key.includes('.conf.'));
    return {
      values: Object.fromEntries(own.map(([key, value]) => [key.replace('net.ipv4.conf.', ''), value])),
      text,
    };
  };

  test('check the reverse path strictly, and neither send nor heed redirects', () => {
    expect(conf().values).toEqual({
      'all.send_redirects': '0',
      'eth0.rp_filter': '1',
      'eth0.accept_redirects': '0',
      'eth0.send_redirects': '0',
      'eth1.rp_filter': '1',
      'eth1.accept_redirects': '0',
      'eth1.send_redirects': '0',
    });
  });

  test('are checked loosely where the routes are asymmetric, with the reason', () => {
    const elsewhere = conf(sided('eth7'));
    expect(elsewhere.values).toMatchObject({ 'eth0.rp_filter': '1', 'eth1.rp_filter': '2' });
    expect(elsewhere.text).toContain('reverse path check of eth1 is loose: the default route leaves by eth7');
    const path = { clientAddress: '192.0.2.9', serverAddress: '10.0.0.1', serverPort: 22 };
    const managementPath = { ...path, interface: 'eth1', via: null, route: 'default' };
    const crooked = conf(sided(), {}, { managementPath });
    expect(crooked.values).toMatchObject({ 'eth0.rp_filter': '2', 'eth1.rp_filter': '1' });
    expect(crooked.text).toContain('the way in comes by it and leaves by eth1');
  });

  test('are left alone or checked loosely when that is wanted; `all` wins, and that is said', () => {
    expect(conf(sided(), { reverse_path: 'kernel' }).values).not.toHaveProperty('eth1.rp_filter');
    expect(conf(sided(), { reverse_path: 'loose' }).values).toMatchObject({ 'eth1.rp_filter': '2' });
    expect(conf(sided('eth1', 2)).text).toContain('rp_filter is 2, so the check is loose on every interface');
  });

  test('a fleet on one large link gets a neighbour table that holds it', () => {
    const { state } = wish(args, {
      ...sided(),
      stdout: `${sided().stdout}/proc/sys/net/ipv4/neigh/default/gc_thresh3:1024\n`,
    });
    expect(state.values['net.ipv4.neigh.default.gc_thresh3']).toBe('16384');
  });
});

test('writes the lines of its file again on a way back, and not all that was seen', () => {
  const args = { pool: '203.0.113.10' };
  const file = '~ kept net.netfilter.nf_conntrack_tcp_loose = 1\n~ kept $(id) = 1\n';
  const seen = conntrack.read({ code: 0, stdout: `probed\n${file}${table}max:262144\n`, stderr: '' }, args);
  const state = seen.kind === 'present' ? seen.state : null;
  const [, settings] = conntrack.boot(state, facts);
  expect(settings).toMatchObject({
    content: '# Written by gwfleet.\nnet.netfilter.nf_conntrack_tcp_loose = 1\n',
  });
});
