import { describe, expect, it } from 'vitest';
import { printDiagnostics, visible } from '../../src/source/caret.ts';
import type { Diagnostic } from '../../src/source/diagnostic.ts';

const text = 'all:\n  hosts:\n    gw1: { snat_pol: 1 }\n';
const at = (line: number, col: number, endCol?: number) => ({
  file: 'inv.yml',
  line,
  col,
  ...(endCol === undefined ? {} : { endCol }),
});
const print = (...diagnostics: readonly Diagnostic[]) =>
  printDiagnostics(diagnostics, { textOf: (file) => (file === 'inv.yml' ? text : undefined) });

describe('printDiagnostics', () => {
  it('shows place, source, caret and hint', () => {
    const diagnostic: Diagnostic = {
      severity: 'warning',
      message: "unknown 'snat_pol'",
      place: at(3, 12, 20),
      hint: "did you mean 'snat_pool'?",
    };
    expect(print(diagnostic)).toBe(
      [
        "inv.yml:3:12: warning: unknown 'snat_pol'",
        '  2 |   hosts:',
        '  3 |     gw1: { snat_pol: 1 }',
        '    |            ^^^^^^^^',
        "  hint: did you mean 'snat_pool'?",
        '',
      ].join('\n'),
    );
  });

  it('shows related places with their own lines', () => {
    const related = [{ message: 'the first one', place: at(1, 1, 4) }];
    expect(print({ severity: 'error', message: 'twice', place: at(2, 3, 8), related })).toContain(
      '  inv.yml:1:1: the first one\n  1 | all:\n    | ^^^\n',
    );
  });

  it('sorts by place, those without a place first, and says the same only once', () => {
    const second: Diagnostic = { severity: 'error', message: 'second', place: at(2, 1) };
    const lines = print(second, { severity: 'error', message: 'first', place: at(1, 1) }, second, {
      severity: 'error',
      message: 'nowhere',
    });
    expect(lines.match(/error: .*/g)).toEqual(['error: nowhere', 'error: first', 'error: second']);
  });

  it('prints a place without source when the text is not at hand', () => {
    expect(print({ severity: 'error', message: 'm', place: { file: 'x', line: 9, col: 1 } })).toBe(
      'x:9:1: error: m\n',
    );
  });

  it('shows the part of a long line around the caret', () => {
    const shown = printDiagnostics([{ severity: 'error', message: 'm', place: at(1, 5001) }], {
      textOf: () => `${'x'.repeat(5000)}Y`,
    });
    expect(shown.split('\n')[1]!.length).toBeLessThan(120);
    expect(shown).toContain('Y');
  });

  it('lets no control character through', () => {
    expect(visible('a\x1b[2Jb\u202ec\td')).toBe('a\\x1b[2Jb\\u202ec d');
    const shown = printDiagnostics([{ severity: 'error', message: '\x1b]0;x\x07', place: at(1, 1) }], {
      textOf: () => '\x1b[31mred',
    });
    expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it('uses the colours it is given', () => {
    const mark = (name: string) => (part: string) => `<${name}>${part}</${name}>`;
    const colours = { error: mark('e'), warning: mark('w'), dim: mark('d'), bold: mark('b') };
    expect(
      printDiagnostics([{ severity: 'error', message: 'm', place: at(1, 1) }], {
        textOf: () => undefined,
        colours,
      }),
    ).toBe('<b>inv.yml:1:1</b>: <e>error:</e> m\n');
  });
});
