import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { door, markedDoor, nextOrder, orderFor } from '../../src/remote/order.ts';
import { sh } from '../../src/shell/sh.ts';

const shells = ['dash', 'bash', 'busybox sh'];
const plain = { user: 'root', become: null, nonce: 'n0', afterwards: 'ends' } as const;

describe.each(shells)('a host whose login shell and sh are %s', (shell) => {
  const [file = '', ...args] = shell.split(' ');
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-sh-'));
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
  const login = (stdin: string, command = door(plain).text) =>
    spawnSync(file, [...args, '-c', command], { input: stdin, encoding: 'utf8', env });

  beforeAll(() => {
    const { stdout } = spawnSync('which', [file], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(folder, 'sh'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('runs any text as one word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('\0'));
        const { opening, payload } = orderFor(sh`printf %s ${text}`, plain);
        expect(login(opening + payload).stdout).toBe(Buffer.from(text).toString());
      }),
      { numRuns: 15 },
    );
  });

  test('runs nothing of a script whose end is missing, wherever it is cut', () => {
    const { opening, payload } = orderFor(sh`echo a; echo b; echo c`, plain);
    const whole = payload.lastIndexOf('}');
    for (let length = payload.indexOf('{\n') + 2; length <= whole; length += 1 + (length % 7)) {
      const { status, stdout } = login(opening + payload.slice(0, length));
      expect({ failed: status !== 0, stdout }).toEqual({ failed: true, stdout: '' });
    }
  });

  test('gives the exit code of the script', () => {
    for (const script of [sh`exit 3`, sh`false; (exit 3)`]) {
      const { opening, payload } = orderFor(script, plain);
      expect(login(opening + payload).status).toBe(3);
    }
  });

  test('gives a script that reads the end of input, and needs no sudo to be who it is', () => {
    const order = orderFor(sh`echo ready; read a; echo "got $a"`, { ...plain, become: { user: 'root' } });
    expect(order.sudo).toBeUndefined();
    expect(login(order.opening + order.payload).stdout).toBe('ready\ngot \n');
  });

  test('keeps the shell for another script where it is to wait, and says on both streams where each ends', () => {
    const first = orderFor(sh`a=kept; echo one; echo bad >&2; (exit 3)`, { ...plain, afterwards: 'waits' });
    const second = nextOrder(sh`printf "$a"; false`, { nonce: 'n1', afterwards: 'waits' });
    const third = nextOrder(sh`printf 3; exit 4`, { nonce: 'n2', afterwards: 'ends' });
    const said = login([first, second, third].map(({ opening, payload }) => opening + payload).join(''));
    expect(said).toMatchObject({
      status: 4,
      stdout: `one\n\n${first.endMark} 3\nkept\n${second.endMark} 1\n3`,
      stderr: `bad\n${first.endMark}\n${second.start?.mark}\n${second.endMark}\n${third.start?.mark}\n`,
    });
  });

  test('marks a script that itself ends with 255', () => {
    const { text } = markedDoor(plain, { readyMark: 'IN', endMark: 'END' });
    const { opening, payload } = orderFor(sh`exit 255`, plain);
    expect(login(opening + payload, text)).toMatchObject({ status: 255, stderr: 'IN\nEND\n' });
    const other = orderFor(sh`exit 4`, plain);
    expect(login(other.opening + other.payload, text)).toMatchObject({ status: 4, stderr: 'IN\n' });
  });
});

describe('the command line', () => {
  test('has nothing that any login shell reads differently inside single quotes', () => {
    const becoming = { user: 'ops', become: { user: 'root' } };
    expect(door(plain).text).toBe('sh');
    expect(door(becoming).text).toMatch(/^sh -c '[^'\\!\n]*'$/);
    for (const way of [plain, becoming])
      expect(markedDoor(way, { readyMark: 'a', endMark: 'b' }).text).toMatch(/^sh -c '[^'\\\n]*'$/);
  });

  test('never holds a password or the script', () => {
    const order = orderFor(sh`echo secret-script`, {
      user: 'ops',
      become: { user: 'root', password: 'pw' },
      nonce: 'n',
      afterwards: 'ends',
    });
    const [line = '', secret] = order.opening.split('\n');
    expect(line).not.toMatch(/pw|secret-script/);
    expect(secret).toBe('pw');
    expect(order.payload).not.toContain('pw\n');
  });
});
