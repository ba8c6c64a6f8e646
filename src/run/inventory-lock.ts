/**
 * One command at a time changes an inventory. The lock is a file that a hard link puts there with its text in it, so
 * nobody ever sees half of it. What a reader gets wrong: a dead holder's lock is not simply taken. Whoever comes first
 * claims the succession of that one run (a file of its own, taken the same way), asks the hosts what became of it, and
 * only then takes the lock over; so two that come at once can never both believe that they broke it.
 */
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Life, lifeOf, type ProcessMark } from './process-mark.ts';

export interface LockHolder {
  readonly v: 1;
  /** Real path of the inventory. */
  readonly inventory: string;
  readonly run: string;
  readonly command: string;
  readonly owner: string;
  /** ISO, UTC. */
  readonly since: string;
  readonly process: ProcessMark;
}

export type LockAttempt =
  | { readonly kind: 'held'; readonly by: LockHolder; readonly life: Life }
  | { readonly kind: 'taken'; readonly release: () => void }
  /** Of a dead run: ours to take over, or to leave as it is with `release`. */
  | {
      readonly kind: 'inherited';
      readonly from: LockHolder;
      readonly takeOver: () => void;
      readonly release: () => void;
    };

export interface LockOrder {
  /** gwfleet's state folder. */
  readonly state: string;
  readonly mine: LockHolder;
  /** A run whose lock a person wants broken: counts as dead where nobody can tell. */
  readonly breakLock?: string | undefined;
}

/** Throws when the state folder cannot be written: a run that cannot be told from another must not begin. */
export function lockInventory({ state, mine, breakLock }: LockOrder): LockAttempt {
  const path = lockPath(state, mine.inventory);
  mkdirSync(join(state, 'locks'), { recursive: true, mode: 0o700 });
  return attempt(path, mine, breakLock);
}

/** Who holds an inventory's lock, for commands that only look. */
export function lockHolder(state: string, inventory: string): LockHolder | undefined {
  return holderIn(lockPath(state, inventory));
}

function lockPath(state: string, inventory: string): string {
  const key = createHash('sha256').update(inventory).digest('hex').slice(0, 24);
  return join(state, 'locks', `${key}.lock`);
}

function attempt(path: string, mine: LockHolder, breakLock: string | undefined): LockAttempt {
  for (;;) {
    if (linked(path, mine)) return { kind: 'taken', release: () => removeOwn(path, mine) };
    const by = holderIn(path);
    if (by === undefined) continue;
    const life = lifeOf(by.process);
    if (life === 'alive' || (life === 'cannot be told' && breakLock !== by.run))
      return { kind: 'held', by, life };
    const claim = `${path}.after-${by.run}`;
    const succession = attempt(claim, mine, breakLock);
    if (succession.kind === 'held') return succession;
    if (succession.kind === 'inherited') succession.takeOver();
    // Only the holder of this claim may replace that text; if it is another by now, it is over.
    if (holderIn(path)?.run === by.run) return inherited(path, mine, { from: by, succession });
    succession.release();
  }
}

interface Legacy {
  readonly from: LockHolder;
  readonly succession: Exclude<LockAttempt, { readonly kind: 'held' }>;
}

function inherited(path: string, mine: LockHolder, { from, succession }: Legacy): LockAttempt {
  return {
    kind: 'inherited',
    from,
    takeOver: () => {
      const fresh = written(path, mine);
      renameSync(fresh, path);
    },
    release: () => {
      removeOwn(path, mine);
      succession.release();
    },
  };
}

/** Puts our text there, whole, unless somebody's is there already. */
function linked(path: string, mine: LockHolder): boolean {
  const fresh = written(path, mine);
  try {
    linkSync(fresh, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

function written(path: string, mine: LockHolder): string {
  const fresh = `${path}.of-${mine.run}`;
  writeFileSync(fresh, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
  return fresh;
}

function removeOwn(path: string, mine: LockHolder): void {
  if (holderIn(path)?.run === mine.run) rmSync(path, { force: true });
}

/** Undefined: there is no lock. A file that is none of ours says so by its name, and nobody can tell whether it lives. */
function holderIn(path: string): LockHolder | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const holder = JSON.parse(text) as LockHolder;
    if (typeof holder.run === 'string' && typeof holder.process.pid === 'number') return holder;
  } catch {
    // Falls through: not JSON.
  }
  const process = { pid: 0, began: '', machine: 'nowhere', boot: '', space: '' };
  return { v: 1, inventory: path, run: 'unreadable', command: '', owner: 'nobody', since: '', process };
}
