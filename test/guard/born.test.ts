/** A process' start time, read by a shell: the program's name stands before it and may hold anything. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { born } from '../../src/guard/born.ts';

describe.each([['dash'], ['busybox', 'ash']])('born under %s', (program, ...rest) => {
  const ask = (pid: number | string): string =>
    spawnSync(program, [...rest, '-c', `${born.text}\nborn "$0"; echo "$is|$group|$at"`, String(pid)], {
      encoding: 'utf8',
    }).stdout.trim();

  test.each(['plain', 'a) S 1 (b', '*) ?) ) [a-z', ') '])('reads a process called "%s"', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'gwfleet-born-'));
    copyFileSync('/bin/sleep', join(folder, name));
    const child = spawn(join(folder, name), ['60'], { stdio: 'ignore', detached: true });
    await new Promise((resolve) => child.once('spawn', resolve));
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const words = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
      expect(ask(child.pid ?? 0)).toMatch(new RegExp(`^[RSD]\\|${child.pid}\\|${words[19]}$`));
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });

  test('says nothing of a process that is not there', () => {
    expect(ask(4_000_000)).toBe('||');
    expect(ask('rubbish')).toBe('||');
  });
});
