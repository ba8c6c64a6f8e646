/**
 * Plain scalars as Ansible reads them: PyYAML's resolver patterns (YAML 1.1), in PyYAML's order. Neither of the `yaml`
 * package's schemas agrees with it: `y` and `1e3` are text, `0644` is 420, `12:30` is 750, `00:11:22:33:44:55` is text.
 * Dates stay text (Ansible makes dates of them and prints the same text).
 */

const bool = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const nothing = /^(?:~|null|Null|NULL|)$/;
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const integer =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;

export type ScalarReading =
  | { readonly value: null | boolean | number | string }
  | { readonly problem: string };

/** The value of an unquoted scalar, or why it has none that we could keep exactly. */
export function readPlainScalar(text: string): ScalarReading {
  if (nothing.test(text)) return { value: null };
  if (bool.test(text)) return { value: /^(?:yes|true|on)$/i.test(text) };
  if (float.test(text)) return exactly(floatOf(text), text);
  if (integer.test(text)) return exactly(integerOf(text), text);
  if (text === '=') return { problem: "'=' alone is not a value" };
  return { value: text };
}

/** As in JSON, for files that are JSON throughout: Ansible tries that first, and there `1e3` is a number. */
export function readJsonScalar(text: string): ScalarReading {
  return { value: JSON.parse(text) as null | boolean | number };
}

function exactly(value: number, text: string): ScalarReading {
  const kept = Number.isInteger(value)
    ? Number.isSafeInteger(value) || text.includes('.')
    : Number.isFinite(value);
  return kept ? { value } : { problem: `${text} does not fit into a number` };
}

function floatOf(text: string): number {
  const plain = text.replaceAll('_', '').toLowerCase();
  if (plain.includes('inf') || plain.includes('nan')) return Number.NaN;
  return plain.includes(':') ? base60(plain) : Number(plain);
}

function integerOf(text: string): number {
  const unsigned = text.replaceAll('_', '').replace(/^[-+]/, '');
  const sign = text.startsWith('-') ? -1 : 1;
  if (unsigned === '0') return 0;
  if (unsigned.startsWith('0b') || unsigned.startsWith('0x')) return sign * Number(unsigned);
  if (unsigned.startsWith('0')) return sign * Number.parseInt(unsigned, 8);
  return sign * (unsigned.includes(':') ? base60(unsigned) : Number(unsigned));
}

function base60(text: string): number {
  const size = text
    .replace(/^[-+]/, '')
    .split(':')
    .reduce((sum, digit) => sum * 60 + Number(digit), 0);
  return text.startsWith('-') ? -size : size;
}
