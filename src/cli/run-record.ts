/**
 * What is remembered of a run before it begins: who, where, which command with which flags. Flags that may hold a
 * secret are left out; whoever carries the run on gives them again.
 */
import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { type RunRecord, runId } from '../run/history.ts';
import { ourProcess } from '../run/process-mark.ts';
import { realFile } from './disk-files.ts';
import type { Flags } from './flags.ts';
import type { Request } from './request.ts';
import { hostsOf } from './saved-plan.ts';

export interface RunWords {
  readonly command: string;
  readonly args: readonly string[];
  readonly flags: Flags;
}

export function runRecord({ command, args, flags }: RunWords, { fleet, of }: Request): RunRecord {
  const now = new Date();
  return {
    v: 1,
    run: runId(now, randomBytes(2).toString('hex')),
    command,
    args,
    flags: { ...flags, extraVars: flags.extraVars.filter((given) => !maySecret(given)) },
    cwd: process.cwd(),
    inventory: resolve(fleet.inventory),
    inventoryFile: realFile(fleet.inventory),
    hosts: hostsOf(fleet.plays),
    owner: `${userInfo().username}@${hostname()}`,
    startedAt: now.toISOString(),
    process: ourProcess(),
    ...(of === undefined ? {} : { of }),
  };
}

/** `-e` words that look like a password: `ansible_become_password=...`, `{"api_token": ...}`. */
export function maySecret(given: string): boolean {
  return /pass|secret|token|credential|api_?key|private_?key/i.test(given.startsWith('@') ? '' : given);
}
