import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Capture } from '../../src/remote/capture.ts';

function captured(
  bytes: Buffer,
  cuts: readonly number[],
  limits: { headBytes: number; tailBytes: number },
): string {
  const capture = new Capture(limits);
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
  places.sort((a, b) => a - b);
  for (const [i, from] of places.entries()) capture.add(bytes.subarray(from, places[i + 1] ?? bytes.length));
  return capture.text();
}

test('text below the cap comes back whole, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.array(fc.nat()),
      fc.nat(60),
      (text, cuts, head) => {
        const bytes = Buffer.from(text);
        expect(captured(bytes, cuts, { headBytes: head, tailBytes: 10_000 })).toBe(bytes.toString());
      },
    ),
  );
});

test('of longer text the head, the tail and the number of missing bytes are kept', () => {
  const bytes = Buffer.from(`${'a'.repeat(100)}${'b'.repeat(1000)}${'c'.repeat(50)}`);
  for (const cuts of [[], [3, 70, 500, 501, 1149], Array.from({ length: 1150 }, (_, i) => i)]) {
    const text = captured(bytes, cuts, { headBytes: 100, tailBytes: 50 });
    expect(text).toBe(`${'a'.repeat(100)}\n[1000 bytes left out]\n${'c'.repeat(50)}`);
  }
});

test('no character is cut at the borders of what is kept', () => {
  const text = captured(Buffer.from('é'.repeat(1000)), [], { headBytes: 11, tailBytes: 11 });
  expect(text).not.toContain('\ufffd');
});
