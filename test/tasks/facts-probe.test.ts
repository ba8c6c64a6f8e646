import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { block } from '../../src/shell/sh.ts';
import { factsProbe, firstLook, readFacts } from '../../src/tasks/facts-probe.ts';

const captured = String.raw`/proc/meminfo:MemTotal:       24682416 kB
/proc/self/status:Uid:	1000	0	0	0
/proc/sys/kernel/hostname:gw1
/proc/sys/kernel/osrelease:6.1.0-31-amd64
/proc/sys/kernel/random/boot_id:7b4287d1-5312-43c1-b0cb-2107eb705504
tool ip
tool iptables-nft
link 1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
link 2: eth1@if5: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/ether 02:fc:00:00:00:01 brd ff:ff:ff:ff:ff:ff
link 3: tun0: <POINTOPOINT,UP> mtu 1400 qdisc noop state DOWN\    link/none
addr 1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
addr 2: eth1    inet 203.0.113.10/24 brd 203.0.113.255 scope global eth1\       valid_lft forever preferred_lft forever
addr 2: eth1    inet 203.0.113.11/24 brd 203.0.113.255 scope global secondary eth1:0\       valid_lft forever preferred_lft forever
addr 3: tun0    inet 10.8.0.1 peer 10.8.0.2/32 scope global noprefixroute tun0\       valid_lft forever preferred_lft forever
way-in 10.9.9.9 40022 10.0.0.1 22
road 10.9.9.9 via 10.0.0.254 dev eth0 src 10.0.0.1 uid 0 \    cache
ridden default via 10.0.0.254 dev eth0 proto static metric 100 
`;

describe('readFacts', () => {
  test('reads a captured host', () => {
    expect(readFacts({ code: 0, stdout: captured, stderr: '' })).toEqual({
      hostname: 'gw1',
      kernel: '6.1.0-31-amd64',
      bootId: '7b4287d1-5312-43c1-b0cb-2107eb705504',
      uid: 0,
      memoryBytes: 24_682_416 * 1024,
      tools: ['ip', 'iptables-nft'],
      interfaces: [
        {
          name: 'lo',
          up: true,
          addresses: [{ address: '127.0.0.1', prefix: 8, broadcast: null, label: 'lo', secondary: false }],
        },
        {
          name: 'eth1',
          up: false,
          addresses: [
            {
              address: '203.0.113.10',
              prefix: 24,
              broadcast: '203.0.113.255',
              label: 'eth1',
              secondary: false,
            },
            {
              address: '203.0.113.11',
              prefix: 24,
              broadcast: '203.0.113.255',
              label: 'eth1:0',
              secondary: true,
            },
          ],
        },
        {
          name: 'tun0',
          up: true,
          addresses: [{ address: '10.8.0.1', prefix: 32, broadcast: null, label: 'tun0', secondary: false }],
        },
      ],
      managementPath: {
        clientAddress: '10.9.9.9',
        serverAddress: '10.0.0.1',
        serverPort: 22,
        interface: 'eth0',
        via: '10.0.0.254',
        route: 'default',
      },
      boot: { init: 'other', owners: [], rulesUnits: [], profiles: [], files: [] },
    });
  });

  test('gives empty fields for garbage', () => {
    const lead = fc.constantFrom('', 'addr ', 'link ', 'way-in ', 'road ', '/proc/meminfo:MemTotal:');
    const lines = fc.array(fc.tuple(lead, fc.string()).map(([word, rest]) => word + rest));
    fc.assert(
      fc.property(lines, (all) => {
        const facts = readFacts({ code: 1, stdout: all.join('\n'), stderr: '' });
        expect(facts.hostname).toBe('');
        expect(facts.uid).toBe(-1);
        expect(Number.isSafeInteger(facts.memoryBytes)).toBe(true);
      }),
    );
  });
});

describe('factsProbe', () => {
  const probe = block(firstLook(), factsProbe).text;

  test.each([['dash'], ['busybox', 'ash']])('runs under %s %s', (program, ...rest) => {
    const env = { ...process.env, SSH_CONNECTION: '127.0.0.1 40022 127.0.0.1 22' };
    const run = spawnSync(program, [...rest, '-c', probe], { encoding: 'utf8', env });
    const facts = readFacts({ code: 0, stdout: run.stdout, stderr: run.stderr });
    expect(run.status).toBe(0);
    expect(facts.kernel).toMatch(/^\d+\./);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(facts.memoryBytes).toBeGreaterThan(1e8);
    expect(facts.tools).toContain('ip');
    expect(facts.interfaces.find(({ name }) => name === 'lo')?.addresses[0]?.address).toBe('127.0.0.1');
    expect(facts.managementPath).toEqual({
      clientAddress: '127.0.0.1',
      serverAddress: '127.0.0.1',
      serverPort: 22,
      interface: 'lo',
      via: null,
      route: '127.0.0.1',
    });
  });

  test('finds the way in that sudo has dropped in the environment of our parent', () => {
    const env = { ...process.env, SSH_CONNECTION: '127.0.0.1 40022 127.0.0.1 22' };
    const inner = 'env -u SSH_CONNECTION dash -c "$0"; :';
    const run = spawnSync('dash', ['-c', inner, probe], { encoding: 'utf8', env });
    const { managementPath } = readFacts({ code: 0, stdout: run.stdout, stderr: '' });
    expect(managementPath?.serverPort).toBe(22);
  });

  test('passes shellcheck', () => {
    const run = spawnSync('shellcheck', ['-s', 'sh', '-'], { encoding: 'utf8', input: probe });
    expect(`${run.stdout}${run.stderr}`).toBe('');
  });
});
