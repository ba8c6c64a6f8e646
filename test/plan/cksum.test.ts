/** Our cksum, against the program that hosts have. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cksum } from '../../src/plan/cksum.ts';

it('is what cksum(1) prints', () => {
  const texts = ['', 'a', '\n', 'x'.repeat(70_000), 'gr\u00fc\u00df\u{1f600}', ...fc.sample(fc.string(), 6)];
  for (const text of texts) {
    const { stdout } = spawnSync('cksum', [], { input: text, encoding: 'utf8' });
    expect(cksum(text)).toBe(stdout.trim());
  }
});
