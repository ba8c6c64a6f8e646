import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { file } from '../../src/tasks/file.ts';
import { facts } from './samples.ts';

const args = { path: '/etc/motd', content: 'new\n' };

function probed(bytes: Buffer, head = '640 www-data adm 33 4') {
  return { code: 0, stdout: `file ${head} ${bytes.length}\n${bytes.toString('base64')}\n`, stderr: '' };
}

describe('reading', () => {
  test('keeps any text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const seen = file.read(probed(Buffer.from(text)), args);
        const whole = !text.includes('\0') && seen.kind === 'present';
        if (whole) expect(seen.state.content).toBe(text);
      }),
    );
    expect(file.read(probed(Buffer.from('\ufeffä\r\n')), args)).toEqual({
      kind: 'present',
      state: { path: '/etc/motd', content: '\ufeffä\r\n', mode: '0640', owner: 'www-data', group: 'adm' },
    });
  });

  test('takes numbers for people without names, and where numbers are asked for', () => {
    const unnamed = file.read(probed(Buffer.from(''), '644 UNKNOWN adm 4242 4'), { ...args, group: '4' });
    expect(unnamed).toMatchObject({ state: { owner: '4242', group: '4' } });
  });

  test('tells other bytes from each other without keeping them', () => {
    const [one, two] = [1, 2].map((byte) => file.read(probed(Buffer.from([0, byte])), args));
    expect(one).not.toEqual(two);
    expect(JSON.stringify(one)).toContain('cksum');
  });

  test('takes a size that does not fit for unknown', () => {
    const cut = { code: 0, stdout: 'file 644 root root 0 0 9\nYWJj\n', stderr: '' };
    expect(file.read(cut, args).kind).toBe('unknown');
  });
});

describe('planning', () => {
  const seen = file.read(probed(Buffer.from('old\nsame\n')), args);
  const from = seen.kind === 'present' ? seen.state : null;

  test('leaves mode and owner that nobody asked for', () => {
    const wanted = file.desired(args, seen, facts);
    expect(wanted).toMatchObject({ state: { mode: '0640', owner: 'www-data', group: 'adm' } });
  });

  test('shows the difference line by line', () => {
    const wanted = file.desired({ ...args, content: 'new\nsame' }, seen, facts);
    expect(file.changes(from, wanted.kind === 'state' ? wanted.state : null)).toEqual([
      {
        action: 'update',
        kind: 'file',
        name: '/etc/motd',
        from: '2 lines 0640 www-data:adm',
        to: '2 lines 0640 www-data:adm',
        detail: ['-old', '-same', '+new', '+same', ' \\ no newline at the end'],
      },
    ]);
  });

  test('says that a big difference is all of it, quickly', () => {
    const lines = (word: string): string =>
      Array.from({ length: 30_000 }, (_, i) => `${word}${i}\n`).join('');
    const one = { path: '/a', content: lines('a'), mode: '0644', owner: null, group: null };
    const detail = file.changes(one, { ...one, content: lines('b') })[0]?.detail ?? [];
    expect(detail).toHaveLength(60_000);
  });
});

describe('arguments', () => {
  test.each(['etc/motd', '/etc/../x', '/etc/', '/', '/a//b', '/etc/.', '/a\nb'])(
    'refuses the path %j',
    (path) => {
      expect(file.problems({ path, content: '' })[0]?.path).toEqual(['path']);
    },
  );

  test('refuses what is no text, too much, or contradicts itself', () => {
    expect(file.problems({ path: '/a', content: 'a\0b' })).toHaveLength(1);
    expect(file.problems({ path: '/a', content: '\ud800' })).toHaveLength(1);
    expect(file.problems({ path: '/a', content: 'x'.repeat(1024 ** 2 + 1) })).toHaveLength(1);
    expect(file.problems({ path: '/a', content: 'x', state: 'absent' })).toHaveLength(1);
    expect(file.problems({ path: '/a' })).toHaveLength(1);
    expect(file.problems({ path: '/a', content: '', owner: '-R' })).toMatchObject([{ path: ['owner'] }]);
  });
});
