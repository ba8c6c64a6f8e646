import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlainScalar } from '../../src/source/yaml-scalars.ts';

const table: readonly (readonly [string, unknown])[] = [
  ['yes', true],
  ['Off', false],
  ['y', 'y'],
  ['yEs', 'yEs'],
  ['~', null],
  ['', null],
  ['0644', 420],
  ['0o644', '0o644'],
  ['08', '08'],
  ['12:30', 750],
  ['-1:30', -90],
  ['1_000', 1000],
  ['0b101', 5],
  ['0x1F', 31],
  ['-0x10', -16],
  ['1e3', '1e3'],
  ['1.5e+3', 1500],
  ['1.10', 1.1],
  ['190:20:30.15', 685230.15],
  ['12:34:56:01:02:03', 9783939723],
  ['00:11:22:33:44:55', '00:11:22:33:44:55'],
  ['2026-11-22', '2026-11-22'],
  ['10.0.0.1', '10.0.0.1'],
  ['-.5', '-.5'],
];

describe('plain scalars are read as Ansible reads them', () => {
  it.for(table)('%s', ([text, value]) => expect(readPlainScalar(text)).toEqual({ value }));

  it.for(['12345678901234567890', '.inf', '.nan', '='])('%s has no value that could be kept', (text) =>
    expect(readPlainScalar(text)).toHaveProperty('problem'),
  );

  it('reads every decimal integer that fits as itself', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(readPlainScalar(String(value))).toEqual({ value: value === 0 ? 0 : value });
      }),
    );
  });

  it('never reads text that begins with a letter as a number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9_:.]*$/), (text) => {
        const reading = readPlainScalar(text);
        expect('value' in reading && typeof reading.value).not.toBe('number');
      }),
    );
  });
});
