/** Framed outputs: run by a real dash, and read from garbage. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { framed, readFrames } from '../../src/shell/frames.ts';
import { block, type Script, sh } from '../../src/shell/sh.ts';

const mark = 'gwf-7d1c';

function run(...bodies: readonly Script[]) {
  const script = block(...bodies.map((body, index) => framed(mark, `t${index}`, body)));
  const { stdout, stderr } = spawnSync('dash', [], { input: script.text, encoding: 'utf8' });
  return readFrames(mark, stdout, stderr);
}

describe('framed scripts', () => {
  it('keep exit code, stdout and stderr of each apart', () => {
    const outputs = run(sh`echo one; echo bad >&2; exit 3`, sh`printf two`);
    expect(outputs.get('t0')).toEqual({ code: 3, stdout: 'one\n', stderr: 'bad\n' });
    expect(outputs.get('t1')).toEqual({ code: 0, stdout: 'two', stderr: '' });
  });

  it('read no standard input, so that one cannot eat the next', () => {
    expect(run(sh`cat`, sh`echo still here`).get('t1')?.stdout).toBe('still here\n');
  });

  it('run here as apart, but without a process', () => {
    const script = block(
      framed(mark, 'a', sh`cat; echo bad >&2; before=kept; (exit 3)`, 'here'),
      framed(mark, 'b', sh`printf %s "$before"`),
      sh`echo outside`,
    );
    const { stdout, stderr } = spawnSync('dash', [], { input: script.text, encoding: 'utf8' });
    const outputs = readFrames(mark, stdout, stderr);
    expect(outputs.get('a')).toEqual({ code: 3, stdout: '', stderr: 'bad\n' });
    expect(outputs.get('b')).toEqual({ code: 0, stdout: 'kept', stderr: '' });
    expect(stdout).toMatch(/outside\n$/);
  });

  it('know nothing of a script that killed the shell', () => {
    const outputs = run(sh`echo first`, sh`kill -9 $$`, sh`echo never`);
    expect([...outputs.keys()]).toEqual(['t0']);
  });
});

describe('reading frames', () => {
  it('ignores what stands outside: banners, profiles, motd', () => {
    const text = `Welcome!\n${mark} a begin\nx\n\n${mark} a end 0\nbye\n`;
    expect([...readFrames(mark, text, '')]).toEqual([['a', { code: 0, stdout: 'x\n', stderr: '' }]]);
  });

  it('drops a frame that was cut off, wherever', () => {
    const whole = `${mark} a begin\nx\n\n${mark} a end 0\n`;
    for (let length = 0; length < whole.length - 2; length += 1)
      expect(readFrames(mark, whole.slice(0, length), '').size).toBe(0);
  });

  it('is not fooled by marks of another run, or an end that was never begun', () => {
    const forged = `gwf-other a begin\n\ngwf-other a end 0\n${mark} b end 0\n${mark} a begin\n${mark} b end 0\nreal\n\n${mark} a end 1\n`;
    expect([...readFrames(mark, forged, '').entries()]).toEqual([
      ['a', { code: 1, stdout: `${mark} b end 0\nreal\n`, stderr: '' }],
    ]);
  });

  it('takes megabytes', () => {
    const long = `${mark} a begin\n${'y\n'.repeat(1_000_000)}\n${mark} a end 0\n`;
    expect(readFrames(mark, long, '').get('a')?.stdout).toHaveLength(2_000_000);
  });
});
