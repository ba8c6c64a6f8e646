/**
 * The distance that `npm run bench:push -- --rtt 50` measures over, where the kernel cannot delay: every packet half a
 * round trip late, each way, in order, none lost, large ones whole; and gone with the lab.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { farAway, startDelaying } from '../bench/push/distance.ts';
import { fleet } from './fleet.ts';

const count = 600;

/** Datagrams with their number and the time they were sent, in bursts; every namespace here has the same clock. */
const sender = `import socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(${count}):
    s.sendto(struct.pack("id", n, time.monotonic()).ljust(600), (sys.argv[1], 9))
    if n % 50 == 49: time.sleep(0.005)`;
const receiver = `import json, socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4000000)
s.bind(("0.0.0.0", 9)); s.settimeout(5)
open(sys.argv[1], "w").close()
seen = []
while len(seen) < ${count}:
    n, sent = struct.unpack("id", s.recv(2000)[:16]); seen.append((n, (time.monotonic() - sent) * 1000))
print(json.dumps(seen))`;

describe('a lab whose controller is put 50 ms away', async () => {
  const lab = await fleet({ gateways: 1, webservers: 1 });
  const { child, ask } = await startDelaying(lab.name, 50);

  it.each([
    ['to a host', 'controller', 'gw1', '10.0.0.1'],
    ['from a host', 'gw1', 'controller', '10.0.255.1'],
  ])('delays every packet %s by half of it, in order, and loses none', async (_, from, to, address) => {
    // Somebody whose hardware address has to be asked for first is sent only so many at once.
    await lab.run(from, ['ping', '-q', '-c', '1', address]);
    const mark = to === 'controller' ? `${lab.folder}/listens` : '/run/listens';
    const received = lab.run(to, ['python3', '-c', receiver, mark]);
    await lab.run(to, `until [ -e ${mark} ]; do sleep 0.02; done`);
    await lab.run(from, ['python3', '-c', sender, address]);
    const seen = JSON.parse(await received) as [number, number][];
    expect(seen.map(([number]) => number)).toEqual(Array.from({ length: count }, (_unused, at) => at));
    expect(Math.min(...seen.map(([, ms]) => ms))).toBeGreaterThanOrEqual(24.5);
  });

  it('lets what is larger than a packet through whole, as a network card would be given it', async () => {
    const gw1 = `ssh -F ${lab.folder}/ssh_config gw1`;
    const blob = `${lab.folder}/blob`;
    const there = `head -c 3000000 /dev/urandom > ${blob}; ${gw1} 'cat > /root/blob' < ${blob}`;
    const back = `${gw1} 'cat /root/blob' < /dev/null | cmp - ${blob}`;
    expect(await lab.exec('controller', `${there} && ${back}`)).toMatchObject({ code: 0, stderr: '' });
    const { code } = await lab.exec('controller', `[ $(wc -c < ${blob}) = 3000000 ]`);
    expect(code).toBe(0);
  });

  it('tells what it passed on and what that cost', async () => {
    const { frames, cpu } = await ask();
    expect(Math.min(...frames)).toBeGreaterThanOrEqual(count);
    expect(cpu).toBeLessThan(5);
  });

  it('ends with the lab', async () => {
    const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('distance.py');
    const ended = once(child, 'close');
    await lab.down();
    await ended;
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

it('does not measure over a distance that is not there', async () => {
  const lab = await fleet({ gateways: 1, webservers: 0 });
  // An address of our own is near, whatever was asked for.
  await lab.run('controller', 'ip link set lo up && ip addr add 203.0.113.99/32 dev lo');
  const stop = new AbortController();
  const server = `import socket; s = socket.create_server(("203.0.113.99", 22))
while True: s.accept()[0].close()`;
  const serving = lab
    .exec('controller', ['python3', '-c', server], { signal: stop.signal })
    .catch(() => undefined);
  await lab.run('controller', 'until ss -ltn | grep -q 203.0.113.99:22; do sleep 0.05; done');
  await expect(farAway(lab.name, 50, ['203.0.113.99'])).rejects.toThrow(
    'asked for a round trip of 50 ms, but ping takes 0.',
  );
  stop.abort();
  await serving;
});
