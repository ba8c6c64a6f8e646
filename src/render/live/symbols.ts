/**
 * The marks of the interface, each different without colour, and the same in ASCII where the locale is not UTF-8.
 */
import type { HostState } from '../../report/run-state.ts';
import type { Tone } from './line.ts';

export interface Symbols {
  readonly waits: string;
  readonly runs: string;
  readonly guarded: string;
  readonly ok: string;
  readonly changed: string;
  readonly failed: string;
  readonly 'rolled-back': string;
  readonly unreachable: string;
  readonly unknown: string;
  readonly skipped: string;
  readonly spinner: readonly string[];
  readonly full: string;
  readonly empty: string;
  /** From nothing to full, for a trend. */
  readonly levels: readonly string[];
  readonly more: string;
  readonly dot: string;
  readonly cursor: string;
  readonly enter: string;
  readonly upDown: string;
}

const unicode: Symbols = {
  waits: '·',
  runs: '▸',
  guarded: '◆',
  ok: '=',
  changed: '✓',
  failed: '✗',
  'rolled-back': '↩',
  unreachable: '!',
  unknown: '?',
  skipped: '-',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  full: '█',
  empty: '░',
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  more: '…',
  dot: ' · ',
  cursor: '›',
  enter: '⏎',
  upDown: '↑↓',
};

const ascii: Symbols = {
  waits: '.',
  runs: '>',
  guarded: '*',
  ok: '=',
  changed: 'v',
  failed: 'x',
  'rolled-back': '<',
  unreachable: '!',
  unknown: '?',
  skipped: '-',
  spinner: ['|', '/', '-', '\\'],
  full: '#',
  empty: '.',
  levels: ['_', '.', ':', '-', '=', '+', '*', '#'],
  more: '~',
  dot: ' - ',
  cursor: '>',
  enter: 'enter',
  upDown: 'j/k',
};

type Environment = Readonly<Record<string, string | undefined>>;

/** By the locale: LC_ALL wins over LC_CTYPE, that over LANG; empty is unset (POSIX, 8.2). */
export function symbolsFor({ LC_ALL: all, LC_CTYPE: type, LANG: lang }: Environment): Symbols {
  const locale = [all, type, lang].find((value) => value !== undefined && value !== '') ?? '';
  return /utf-?8/i.test(locale) ? unicode : ascii;
}

export interface Mark {
  readonly name: keyof Omit<Symbols, 'spinner' | 'levels'>;
  readonly tone: Tone;
}

/** The mark of a host: what it does now before what became of it. */
export function markOf({ phase, result }: HostState): Mark {
  if (phase === 'guarded') return { name: 'guarded', tone: 'busy' };
  if (phase === 'running') return { name: 'runs', tone: 'busy' };
  switch (result) {
    case undefined:
      return { name: 'waits', tone: 'dim' };
    case 'ok':
      return { name: 'ok', tone: 'good' };
    case 'changed':
      return { name: 'changed', tone: 'good' };
    case 'skipped':
      return { name: 'skipped', tone: 'dim' };
    default:
      return { name: result, tone: 'bad' };
  }
}
