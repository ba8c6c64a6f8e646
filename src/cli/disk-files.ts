/**
 * The disk as the pure rooms see it (source/files.ts). Everything that can be wrong with a file is told apart here,
 * since the user is to hear which: a folder, missing, not permitted, not text, too large.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FileReading, Files } from '../source/files.ts';

/** Nobody writes an inventory of this size by hand; 5,000 hosts are 364 KB. */
const sizeLimitBytes = 8 * 1024 * 1024;

export const diskFiles: Files = { read, list };

function read(path: string): FileReading {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return { kind: 'folder' };
    if (stat.size > sizeLimitBytes) return { kind: 'too-large', bytes: stat.size };
    if (stat.isSocket() || stat.isBlockDevice() || stat.isCharacterDevice())
      return { kind: 'unreadable', why: 'it is a device or a socket' };
    return decoded(readFileSync(path));
  } catch (error) {
    return failure(error);
  }
}

/** Pipes (`<(command)`) have no size before they are read. */
function decoded(bytes: Buffer): FileReading {
  if (bytes.length > sizeLimitBytes) return { kind: 'too-large', bytes: bytes.length };
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { kind: 'unreadable', why: 'it is not UTF-8 text' };
  }
}

function failure(error: unknown): FileReading {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
  if (code === 'EISDIR') return { kind: 'folder' };
  return { kind: 'unreadable', why: reasons[code] ?? message };
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ELOOP: 'its symbolic links lead in a circle',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
};

function list(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path).sort(byCodePoint);
  } catch {
    return undefined;
  }
}

function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** Absolute, symbolic links followed: one inventory has one lock, whatever it is called. */
export function realFile(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
