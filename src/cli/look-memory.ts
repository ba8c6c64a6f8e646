/**
 * What the last `status` saw of an inventory's counters, under the XDG state folder. It is only a convenience: a file
 * that cannot be read or written is told once and never stands in the way of a look.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { KeptFills } from '../render/page/fill.ts';
import { stateFolder } from '../run/history.ts';
import type { LookMemory } from '../status/growth.ts';
import type { FleetStatus } from '../status/model.ts';

export interface MemoryPlace {
  read(): LookMemory;
  /** Why it could not be kept; undefined: it is. `seen` is kept for `report`. */
  write(memory: LookMemory, seen: FleetStatus): string | undefined;
}

export function lookMemory(inventory: string, environment: NodeJS.ProcessEnv): MemoryPlace {
  const file = join(stateFolder(environment), 'looks', `${keyOf(inventory)}.json`);
  return {
    read: () => parsed(file),
    write: (memory, { at, gateways }) => {
      try {
        const fills: KeptFills = {
          at,
          gateways: gateways.map(({ host, addresses }) => ({ host, addresses })),
        };
        writeAtomically(fillsFile(inventory, environment), `${JSON.stringify({ v: 1, ...fills })}\n`, 0o600);
        writeAtomically(file, `${JSON.stringify({ v: 1, hosts: memory })}\n`, 0o600);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

/** How full the pools were when `status` last looked; undefined: nobody has, or the file of hosts is gone. */
export function keptFills(inventory: string, environment: NodeJS.ProcessEnv): KeptFills | undefined {
  try {
    const read = JSON.parse(readFileSync(fillsFile(inventory, environment), 'utf8')) as KeptFills & {
      v?: unknown;
    };
    return read.v === 1 && Array.isArray(read.gateways) ? read : undefined;
  } catch {
    return undefined;
  }
}

function fillsFile(inventory: string, environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(environment), 'looks', `${keyOf(inventory)}.fill.json`);
}

/** Whole or not at all, for readers at any moment: a temporary file in the same folder, then a rename. */
export function writeAtomically(file: string, text: string, mode: number): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fresh = join(folder, `.${basename(file)}.${randomBytes(4).toString('hex')}`);
  writeFileSync(fresh, text, { mode });
  renameSync(fresh, file);
}

/** One inventory by whatever path it is named. */
function keyOf(inventory: string): string {
  const path = realpathSync(inventory);
  return `${basename(path).replaceAll(/[^A-Za-z0-9.-]/g, '_')}-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`;
}

function parsed(file: string): LookMemory {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof read !== 'object' || read === null || !('v' in read) || read.v !== 1 || !('hosts' in read))
      return {};
    return read.hosts as LookMemory;
  } catch {
    return {};
  }
}
