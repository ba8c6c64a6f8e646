/** Runs of gwfleet against a farm: what each cost, and what came in over there. Only the process of gwfleet is counted. */
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import { diskFiles } from '../../../src/cli/disk-files.ts';
import { readFleet } from '../../../src/fleet/fleet.ts';
import { readInventory } from '../../../src/inventory/read-inventory.ts';
import { labDown } from '../../../src/lab/down.ts';
import { labExec } from '../../../src/lab/exec.ts';
import { labUp } from '../../../src/lab/up.ts';
import type { DecideCost } from './decide.ts';
import type { FarmCounts, FarmOrder } from './farm.ts';
import { farmHosts, farmInventory, farmPort } from './fleet-files.ts';
import type { OfflineCost } from './offline.ts';
import { record } from './recording.ts';

export type Phase = 'no-op' | 'dry run with diff' | 'parallel-ssh true';

export interface FarmCost {
  readonly hosts: number;
  readonly phase: Phase;
  readonly wall: number;
  /** User and system seconds. */
  readonly cpu: number;
  /** MiB. */
  readonly peak: number;
  readonly connectionsPerHost: number;
  readonly execsPerHost: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'gwfleet.js');
const measured = join(root, 'test', 'bench', 'push', 'measured.py');

/** Every phase once, in the order of `phases`, on a fleet that is as wanted. */
export async function farmRuns(hosts: number, phases: readonly Phase[]): Promise<readonly FarmCost[]> {
  const lab = `scale${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-scale-'));
  try {
    const { folder: labFolder } = await labUp({ name: lab, gateways: 1, webservers: 1 });
    const inventory = join(labFolder, 'inventory.yaml');
    expectZero(await labExec(lab, 'controller', [process.execPath, bin, 'apply', '--yes', inventory]));
    const farm = await openFarm(hosts, lab, folder);
    const costs: FarmCost[] = [];
    for (const phase of phases) {
      process.stderr.write(`${hosts} hosts: ${phase}\n`);
      costs.push(await farm.run(phase));
    }
    await farm.close();
    return costs;
  } finally {
    await labDown(lab);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Plans of a fleet of bare hosts, as real ones were seen: what is behind the connections, in a process of its own. */
export async function decideRuns(hosts: number): Promise<readonly OfflineCost[]> {
  const lab = `scale${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-scale-'));
  const [inventory, file] = [join(folder, 'inventory.yaml'), join(folder, 'sights')];
  try {
    await labUp({ name: lab, gateways: 1, webservers: 1 });
    writeFileSync(inventory, farmInventory(hosts, { key: '/root/.ssh/key', knownHosts: '/dev/null' }));
    process.stderr.write(`${hosts} hosts: decide\n`);
    await record(inventory, { lab, file });
    const words = [process.argv[1] ?? '', '--decision', inventory, file];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`exit ${status}\n${stderr}`);
    const { steps, peak } = JSON.parse(stdout) as DecideCost;
    return Object.entries(steps).map(([what, cost]) => ({
      hosts,
      written: 'recorded sights',
      what,
      ...cost,
      peak,
    }));
  } finally {
    await labDown(lab);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openFarm(hosts: number, lab: string, folder: string) {
  const [hostKey, clientKey] = [
    ssh2.utils.generateKeyPairSync('ed25519'),
    ssh2.utils.generateKeyPairSync('ed25519'),
  ];
  const files = { key: join(folder, 'key'), knownHosts: join(folder, 'known_hosts') };
  const all = farmHosts(hosts);
  writeFileSync(files.key, clientKey.private);
  chmodSync(files.key, 0o600);
  const [type = '', blob = ''] = hostKey.public.split(' ');
  writeFileSync(
    files.knownHosts,
    all.map(({ address }) => `[${address}]:${farmPort} ${type} ${blob}\n`).join(''),
  );
  const inventory = join(folder, 'inventory.yaml');
  writeFileSync(inventory, farmInventory(hosts, files));
  const list = join(folder, 'hosts.txt');
  writeFileSync(list, all.map(({ address }) => `root@${address}:${farmPort}\n`).join(''));
  const order: FarmOrder = {
    hosts,
    lab,
    hostKey: hostKey.private,
    clientKey: clientKey.public,
    hops: hopsOf(inventory),
  };
  const farm = fork(process.argv[1] ?? '', ['--farm'], { serialization: 'json' });
  farm.send(order);
  await once(farm, 'message');
  const counts = async (): Promise<FarmCounts> => {
    farm.send('counts');
    const answers: readonly unknown[] = await once(farm, 'message');
    return answers[0] as FarmCounts;
  };
  const home = join(folder, 'home');
  mkdirSync(home);
  const run = async (phase: Phase): Promise<FarmCost> => {
    const before = await counts();
    const argv =
      phase === 'parallel-ssh true'
        ? floor(list, files)
        : [process.execPath, bin, ...words[phase], inventory];
    const { said, ...cost } = await costOf(argv, { HOME: home, XDG_STATE_HOME: join(folder, 'state') });
    const after = await counts();
    checkAnswers(phase, after.asked - before.asked);
    if (!said.includes(expected[phase](hosts)))
      throw new Error(`${phase} did not end as it should:\n${said}`);
    return {
      hosts,
      phase,
      ...cost,
      connectionsPerHost: (after.connections - before.connections) / hosts,
      execsPerHost: (after.execs - before.execs) / hosts,
    };
  };
  const close = async (): Promise<void> => {
    farm.disconnect();
    await once(farm, 'exit');
  };
  return { run, close };
}

const words = {
  'no-op': ['apply', '--yes'],
  'dry run with diff': ['plan', '--diff'],
} as const;

const expected: Readonly<Record<Phase, (hosts: number) => string>> = {
  'no-op': (hosts) => `${hosts} hosts: ${hosts} ok`,
  'dry run with diff': (hosts) => `No changes: ${hosts} of ${hosts} hosts are as wanted`,
  'parallel-ssh true': (hosts) => `[${hosts}]`,
};

/** As in bench:push: the floor has the key exchange of the others. */
function floor(list: string, { key, knownHosts }: { key: string; knownHosts: string }): readonly string[] {
  const options = [
    '-F /dev/null',
    `-i ${key}`,
    `-o UserKnownHostsFile=${knownHosts}`,
    '-o KexAlgorithms=curve25519-sha256',
  ];
  return ['parallel-ssh', '-h', list, '-p', '64', '-t', '120', '-x', options.join(' '), 'true'];
}

/** Each kind of host is asked once for each of its scripts; more would be answers of another moment. */
function checkAnswers(phase: Phase, asked: number): void {
  if (asked > 2)
    throw new Error(`${phase}: ${asked} scripts were not alike; a farm host would not answer so`);
}

function hopsOf(path: string): Readonly<Record<string, string>> {
  const { inventory } = readInventory(diskFiles, path);
  if (inventory === undefined) throw new Error('the inventory of the farm cannot be read');
  const { gateways, assigned } = readFleet(inventory).fleet;
  return Object.fromEntries(
    [...assigned].map(([name, gateway]) => [name, gateways.get(gateway)?.internalAddress ?? '']),
  );
}

async function costOf(argv: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn('python3', [measured, ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [said, told] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-8000);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told = `${told}${text}`.slice(-8000);
  });
  await once(child, 'close');
  const cost = JSON.parse(told.trimEnd().split('\n').at(-1) ?? '{}') as {
    code: number;
    wall: number;
    cpu: number;
    peak: number;
  };
  if (cost.code !== 0) throw new Error(`${argv.join(' ')}: exit ${cost.code}\n${said}\n${told}`);
  const { wall, cpu, peak } = cost;
  return { wall, cpu, peak, said };
}

function expectZero({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): void {
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}${stderr}`);
}
