/**
 * A file of a person that is replaced whole or not at all, through symbolic links to the file itself. What a reader
 * gets wrong: a file that is written anew keeps nothing of the old one, its mode neither, unless that is asked for.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** `alone`: 0600 and ours, whatever was there. `as it was`: mode and owner of the file that is there. */
export type Keeping = 'alone' | 'as it was';

/** Throws what the system says. What is no file, a pipe or a terminal, is written to as it is. */
export function replaceFile(path: string, text: string, keeping: Keeping): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) {
    writeFileSync(path, text);
    return;
  }
  const file = there === undefined ? path : realpathSync(path);
  const fresh = `${file}.${randomBytes(4).toString('hex')}.new`;
  try {
    const handle = openSync(fresh, 'wx', 0o600);
    writeSync(handle, text);
    if (keeping === 'as it was' && there !== undefined) {
      chownSync(fresh, there.uid, there.gid);
      chmodSync(fresh, there.mode & 0o7777);
    }
    fsyncSync(handle);
    closeSync(handle);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}
