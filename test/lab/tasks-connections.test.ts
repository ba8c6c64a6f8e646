/** The connection table of a real kernel, read with conntrack, from /proc, and where neither is there. */
import { expect, test } from 'vitest';
import { block, sh } from '../../src/shell/sh.ts';
import {
  addressConnectionsScript,
  connectionsReader,
  readAddressConnections,
} from '../../src/tasks/connections.ts';
import { TaskNamespace } from './task-namespace.ts';

const addresses = ['203.0.113.10', '203.0.113.11'];

function scene(): TaskNamespace {
  const ns = new TaskNamespace();
  const tcp = (port: number, state: string, by: string): string =>
    `conntrack -I -p tcp --timeout 300 --state ${state} -s 10.0.0.20 -d 198.51.100.7 --sport ${port} --dport 80 -r 198.51.100.7 -q ${by} --reply-port-src 80 --reply-port-dst ${port}`;
  ns.sh(`iptables -t nat -A POSTROUTING -o lo -j MASQUERADE
${tcp(1001, 'ESTABLISHED', '203.0.113.10')}
${tcp(1002, 'SYN_SENT', '203.0.113.10')}
${tcp(1003, 'TIME_WAIT', '203.0.113.10')}
${tcp(1004, 'CLOSE', '203.0.113.10')}
${tcp(1005, 'ESTABLISHED', '203.0.113.99')}
conntrack -I -p udp --timeout 300 -s 10.0.0.20 -d 198.51.100.7 --sport 53 --dport 53 -r 198.51.100.7 -q 203.0.113.10 --reply-port-src 53 --reply-port-dst 53
conntrack -I -p tcp --timeout 300 --state ESTABLISHED -s 198.51.100.8 -d 203.0.113.11 --sport 9 --dport 22`);
  return ns;
}

const counted = [
  { address: '203.0.113.10', live: 3, ended: 2 },
  { address: '203.0.113.11', live: 1, ended: 0 },
];

test('live and ended connections of an address are told apart, those to the host itself are counted', () => {
  using ns = scene();
  expect(readAddressConnections(ns.run(addressConnectionsScript(addresses)).stdout)).toEqual(counted);
});

test('without conntrack the same is read from /proc, entry for entry', () => {
  using ns = scene();
  const listing = block(
    connectionsReader,
    sh`gwfleet_connections | sed 's/ mark=.*//; s/ 29[0-9] / 300 /' | sort`,
  );
  const byTool = ns.run(listing).stdout;
  ns.shim('conntrack', '#!/bin/sh\nexit 1\n');
  expect(ns.run(addressConnectionsScript(addresses)).stdout.trim().split('\n')).toHaveLength(2);
  expect(readAddressConnections(ns.run(addressConnectionsScript(addresses)).stdout)).toEqual(counted);
  const byProc = ns.run(listing).stdout;
  expect(byTool.trim().split('\n')).toHaveLength(7);
  expect(byProc).toBe(byTool);
});

test("busybox' ash and awk count the same", () => {
  using ns = scene();
  ns.shell = ['busybox', 'ash'];
  for (const tool of ['awk', 'sed']) ns.shim(tool, `#!/bin/sh\nexec busybox ${tool} "$@"\n`);
  expect(readAddressConnections(ns.run(addressConnectionsScript(addresses)).stdout)).toEqual(counted);
});

test('a table that nobody can read is not an empty one', () => {
  using ns = scene();
  ns.shim('conntrack', '#!/bin/sh\nexit 1\n');
  const bare =
    'mkdir -p /tmp/bare/sys/net/netfilter; echo 7 >/tmp/bare/sys/net/netfilter/nf_conntrack_count; mount --bind /tmp/bare /proc; exec dash "$0"';
  ns.shell = [
    'unshare',
    '-m',
    'sh',
    '-c',
    `mount -t tmpfs none /mnt; cd /mnt; ${bare.replaceAll('/tmp', '/mnt')}`,
  ];
  const output = ns.run(addressConnectionsScript(addresses));
  expect(output.code).toBe(3);
  expect(readAddressConnections(output.stdout)).toEqual([]);
  expect(output.stderr).toContain('apt install conntrack');
});
