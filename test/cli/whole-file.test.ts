/** A file that is replaced: whole, with the mode that was asked for, through links, and never half of it. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../src/cli/whole-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwfleet-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const mode = (name: string): number => statSync(at(name)).mode & 0o7777;

describe('a file that is replaced', () => {
  it('alone: is for its owner only, whatever was there', () => {
    replaceFile(at('new'), 'text', 'alone');
    expect([mode('new'), readFileSync(at('new'), 'utf8')]).toEqual([0o600, 'text']);
    writeFileSync(at('old'), 'a longer text than ours');
    chmodSync(at('old'), 0o666);
    replaceFile(at('old'), 'text', 'alone');
    expect([mode('old'), readFileSync(at('old'), 'utf8')]).toEqual([0o600, 'text']);
  });

  it('as it was: keeps its mode', () => {
    writeFileSync(at('old'), '');
    chmodSync(at('old'), 0o640);
    replaceFile(at('old'), 'text', 'as it was');
    expect(mode('old')).toBe(0o640);
  });

  it('is another file than before, so that a reader of the old one never sees half of each', () => {
    writeFileSync(at('old'), '');
    const before = statSync(at('old')).ino;
    replaceFile(at('old'), 'text', 'alone');
    expect(statSync(at('old')).ino).not.toBe(before);
  });

  it('stays a link where it is one', () => {
    writeFileSync(at('file'), '');
    symlinkSync(at('file'), at('link'));
    replaceFile(at('link'), 'text', 'alone');
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('file'), 'utf8')).toBe('text');
  });

  it('leaves nothing behind where it cannot be', () => {
    mkdirSync(at('folder'));
    expect(() => replaceFile(at('folder'), 'text', 'alone')).toThrow(/EISDIR/);
    expect(() => replaceFile(at('none/file'), 'text', 'alone')).toThrow(/ENOENT/);
    expect(readdirSync(folder)).toEqual(['folder']);
  });
});
