import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/cli/disk-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwfleet-disk-'));
const at = (name: string) => join(folder, name);
mkdirSync(at('folder'));
writeFileSync(at('good.yml'), 'käse: 1\n');
writeFileSync(at('latin1.yml'), Buffer.from([0x6b, 0xe4, 0x73, 0x65]));
writeFileSync(at('large.yml'), Buffer.alloc(8 * 1024 * 1024 + 1, '#'));
writeFileSync(at('folder/B.yml'), '');
writeFileSync(at('folder/a.yml'), '');
symlinkSync('loop.yml', at('loop.yml'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('diskFiles', () => {
  it('reads UTF-8 text', () =>
    expect(diskFiles.read(at('good.yml'))).toEqual({ kind: 'text', text: 'käse: 1\n' }));

  it.for([
    ['missing.yml', { kind: 'missing' }],
    ['good.yml/below', { kind: 'missing' }],
    ['folder', { kind: 'folder' }],
    ['large.yml', { kind: 'too-large', bytes: 8 * 1024 * 1024 + 1 }],
    ['latin1.yml', { kind: 'unreadable', why: 'it is not UTF-8 text' }],
    ['loop.yml', { kind: 'unreadable', why: 'its symbolic links lead in a circle' }],
  ] as const)('tells apart: %s', ([name, expected]) => expect(diskFiles.read(at(name))).toEqual(expected));

  it('does not wait for devices', () =>
    expect(diskFiles.read('/dev/zero')).toMatchObject({ kind: 'unreadable' }));

  it('lists in ASCII order, and nothing for what is no folder', () => {
    expect(diskFiles.list(at('folder'))).toEqual(['B.yml', 'a.yml']);
    expect(diskFiles.list(at('good.yml'))).toBeUndefined();
  });
});
