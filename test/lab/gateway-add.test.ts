/**
 * A gateway joins a fleet: proven before anybody moves. Each fault is one that a rule check cannot see; the roll must
 * stop with nobody moved, say why, and finish with the same command once the fault is gone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { start } from './process.ts';

const webservers = ['web01', 'web02', 'web03', 'web04', 'web05', 'web06'];

let lab: Fleet;
beforeAll(async () => {
  lab = await fleet({ gateways: 3, webservers: webservers.length });
  const text = readFileSync(lab.inventory, 'utf8');
  const probed = text.replace(
    '  children:\n',
    '    probes: [{ tcp: "198.51.100.7:443" }] # the shop\n  children:\n',
  );
  writeFileSync(lab.inventory, probed.replace(/ {8}gw3: .*\n/, ''));
  const { code, stderr } = await lab.gwfleet(['apply', lab.inventory, '--yes']);
  expect(`${code}\n${stderr}`).toMatch(/^0\n/);
});

function add(...flags: readonly string[]): ReturnType<Fleet['gwfleet']> {
  return lab.gwfleet(['gateway', 'add', lab.inventory, 'gw3', '--yes', ...flags]);
}

const asNew = ['--address', '10.0.0.3', '--pool', '203.0.113.30-203.0.113.35'];

async function routes(): Promise<readonly string[]> {
  return Promise.all(webservers.map((web) => lab.run(web, 'ip -4 route show default; ip -4 rule')));
}

interface Fault {
  readonly name: string;
  readonly host: string;
  readonly begin: string;
  readonly end: string;
  readonly says: RegExp;
}

const faults: readonly Fault[] = [
  {
    name: 'a pool address that somebody else has',
    host: 'internet',
    begin: 'ip addr add 203.0.113.33/32 dev eth1',
    end: 'ip addr del 203.0.113.33/32 dev eth1',
    says: /somebody else answers for pool addresses of gw3: 203\.0\.113\.33 \(02:/,
  },
  {
    name: 'SNAT without effect: somebody switches connection tracking off',
    host: 'gw3',
    begin:
      'nft add table ip early; nft "add chain ip early pre { type filter hook prerouting priority -300; }"; nft add rule ip early pre ip daddr 198.51.100.7 notrack',
    end: 'nft delete table ip early',
    says: /through gw3: tcp 198\.51\.100\.7:443: no connection.*would have left gw3 untranslated/,
  },
  {
    name: 'a wrong pool: translated to a good address that is not of the pool',
    host: 'gw3',
    begin:
      'ip addr add 203.0.113.39/24 dev eth1; nft add table ip early; nft "add chain ip early post { type nat hook postrouting priority 90; }"; nft add rule ip early post oifname eth1 snat to 203.0.113.39',
    end: 'nft delete table ip early; ip addr del 203.0.113.39/24 dev eth1',
    says: /packets leave gw3 as 203\.0\.113\.39, which is not in its pool/,
  },
  {
    name: 'a pool that nobody outside sends back to the gateway',
    host: 'internet',
    begin: 'for i in 0 1 2 3 4 5; do ip route add blackhole 203.0.113.3$i/32; done',
    end: 'for i in 0 1 2 3 4 5; do ip route del blackhole 203.0.113.3$i/32; done',
    says: /through gw3: tcp 198\.51\.100\.7:443: no connection/,
  },
  {
    name: 'forwarding that is off on one interface',
    host: 'gw3',
    begin: 'sysctl -qw net.ipv4.conf.eth0.forwarding=0',
    end: 'sysctl -qw net.ipv4.conf.eth0.forwarding=1',
    says: /gw3: it does not forward what comes in by eth0: net\.ipv4\.conf\.eth0\.forwarding is 0/,
  },
  {
    name: 'a next hop of its own that is not there',
    host: 'gw3',
    begin: 'ip route replace default via 203.0.113.254',
    end: 'ip route replace default via 203.0.113.1',
    says: /gw3: its own next hop 203\.0\.113\.254 does not answer/,
  },
];

describe('a new gateway that does not work', () => {
  it('is refused without probes, and without its address', async () => {
    const bare = await add();
    expect(bare.code).toBe(5);
    expect(bare.stderr).toMatch(/no gateway 'gw3'[\s\S]*--address/);
    const { code, stderr } = await add(...asNew, '-e', '{"probes": []}');
    expect(`${code} ${stderr}`).toMatch(/^5 [\s\S]*have no probes[\s\S]*--no-probe/);
  });

  it('moves nobody, says why, and stands as standby', async () => {
    const before = await routes();
    let flags = asNew;
    for (const { name, host, begin, end, says } of faults) {
      await lab.run(host, begin);
      const { code, stderr, stdout } = await add(...flags);
      await lab.run(host, end);
      expect(`${name}: ${code}\n${stderr}${stdout}`).toMatch(new RegExp(`: 2\n[\\s\\S]*${says.source}`));
      expect(await routes(), name).toEqual(before);
      expect(readFileSync(lab.inventory, 'utf8'), name).toContain('gateway_state: standby }\n');
      flags = [];
    }
  });

  it('moves nobody when its uplink is pulled, and when nobody answers for its inside address', async () => {
    const before = await routes();
    await lab.link('gw3', 'eth1', 'down');
    const down = await add();
    await lab.link('gw3', 'eth1', 'up');
    await lab.run('gw3', 'ip route replace default via 203.0.113.1');
    expect(`${down.code}\n${down.stderr}`).toMatch(/^[23]\n/);
    expect(down.stderr).toMatch(/eth1/);
    const wrong = await add('-e', 'internal_address=10.0.0.77');
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr + wrong.stdout).toMatch(/10\.0\.0\.77/);
    expect(await routes()).toEqual(before);
  });
});

describe('a new gateway that works', () => {
  it('is shown first: who moves and why, and nothing is written', async () => {
    const text = readFileSync(lab.inventory, 'utf8');
    const { code, stdout } = await add('--check');
    expect(code).toBe(0);
    expect(stdout).toMatch(/i web\d\d.*: gw3 joined: 2 move\n/);
    expect(readFileSync(lab.inventory, 'utf8')).toBe(text);
  });

  it('takes its share, batch by batch, and the file says so in one line', async () => {
    const text = readFileSync(lab.inventory, 'utf8');
    const { code, stderr } = await add('--canary', '1', '--serial', '100%', '--soak', '0');
    expect(`${code}\n${stderr}`).toMatch(/^0\n/);
    expect(stderr).toMatch(/through gw3: all probes answer, seen outside as 203\.0\.113\.3\d/);
    expect(stderr).toMatch(/batch 2\/2/);
    expect(readFileSync(lab.inventory, 'utf8')).toBe(text.replace('standby', 'active'));
    const vias = (await routes()).map((route) => /via (\S+)/.exec(route)?.[1]);
    expect(vias.filter((via) => via === '10.0.0.3')).toHaveLength(2);
  });

  it('leaves no rule, table or process of the proof on any webserver', async () => {
    for (const web of webservers) {
      expect(await lab.run(web, 'ip -4 rule | grep -c ^76 || :')).toBe('0\n');
      expect(await lab.run(web, 'ip -4 route show table all | grep -c "table 76" || :')).toBe('0\n');
      expect(await lab.run(web, 'ps ax | grep -c "[s]leep [0-9]" || :')).toBe('0\n');
    }
  });

  it('is wanted: another apply has nothing to do', async () => {
    const { code, stdout } = await lab.gwfleet(['plan', lab.inventory, '--exit-code']);
    expect(`${code} ${stdout}`).toMatch(/^0 /);
    const again = await add();
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/3 ok/);
  });
});

describe('a gateway that breaks between two batches', () => {
  it('keeps the next batch away, for who has moved is looked at again; the same command finishes', async () => {
    const drained = await lab.gwfleet(['gateway', 'drain', lab.inventory, 'gw3', '--yes']);
    expect(`${drained.code}\n${drained.stderr}`).toMatch(/^0\n/);
    const flags = ['--yes', '--canary', '1', '--serial', '1', '--soak', '2m'];
    const roll = start(lab, ['gateway', 'add', lab.inventory, 'gw3', ...flags]);
    await roll.until(/\[web\d+\] changed/);
    await lab.run('gw3', 'ip route add blackhole 198.51.100.7');
    const { code, stderr } = await roll.ended;
    expect(`${code}\n${stderr}`).toMatch(/^2\n[\s\S]*stopped: gate: web\d\d: probe tcp 198\.51\.100\.7:443/);
    expect(await moved()).toBe(1);
    await lab.run('gw3', 'ip route del blackhole 198.51.100.7');
    expect((await add('--soak', '0')).code).toBe(0);
    expect(await moved()).toBe(2);
  });
});

/** How many leave by gw3. */
async function moved(): Promise<number> {
  return (await routes()).filter((route) => route.includes('via 10.0.0.3 ')).length;
}
