/** The commands that open no connection, over inventories that exist on paper alone. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paperInventory } from './fleet-files.ts';

export interface OfflineCost {
  readonly hosts: number;
  readonly written: string;
  readonly what: string;
  readonly cpu: number;
  readonly wall: number;
  readonly peak: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const measured = join(root, 'test', 'bench', 'push', 'measured.py');

const commands: Readonly<Record<string, readonly string[]>> = {
  validate: ['validate'],
  'inventory --list': ['inventory', '--list'],
  capacity: ['capacity'],
};

export function offlineRuns(hosts: number, perGateway: number): readonly OfflineCost[] {
  return (['ranges', 'a line each'] as const).flatMap((written) => {
    const folder = mkdtempSync(join(tmpdir(), 'gwfleet-paper-'));
    try {
      const inventory = paperInventory(folder, hosts, { written, perGateway });
      const run = (what: string, argv: readonly string[]): OfflineCost => {
        process.stderr.write(`${hosts} hosts, ${written}: ${what}\n`);
        return { hosts, written, what, ...cost(argv) };
      };
      const gwfleet = [process.execPath, join(root, 'bin', 'gwfleet.js')];
      return Object.entries(commands).map(([what, words]) => run(what, [...gwfleet, ...words, inventory]));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function cost(argv: readonly string[]): { wall: number; cpu: number; peak: number } {
  const { stdout, stderr } = spawnSync('python3', [measured, ...argv], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  const { code, wall, cpu, peak } = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '{}') as Record<
    string,
    number
  >;
  if (code !== 0)
    throw new Error(`${argv.join(' ')}: exit ${code}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  return { wall: wall ?? 0, cpu: cpu ?? 0, peak: peak ?? 0 };
}
