/** What a frame of the interface is drawn from: the state of the run, the moment, and what the keys have chosen. */
import type { Plan } from '../../plan/plan.ts';
import type { RunState } from '../../report/run-state.ts';
import type { Line } from './line.ts';
import type { Symbols } from './symbols.ts';

export interface LiveView {
  readonly state: RunState;
  /** For the diff of a host. */
  readonly plan: Plan | undefined;
  /** The moment that is drawn: now, or the recorded time in a replay. */
  readonly nowMs: number;
  /** Counts up with every frame; turns the spinner. */
  readonly tick: number;
  readonly symbols: Symbols;
  /** Whether anybody can press keys. */
  readonly keys: 'yes' | 'no';
  readonly choice: Choice;
  /** `asked`: the run will wait before the next batch; `holding`: it waits. */
  readonly hold: 'no' | 'asked' | 'holding';
  readonly stopping: boolean;
  /** The run has ended: who still waits was not reached. */
  readonly isOver?: true;
  /** What was told last, the newest at the end: shown where room is left. */
  readonly news: readonly Line[];
}

/** What the user looks at. */
export interface Choice {
  /** The host under the cursor; none until somebody moves it. */
  readonly cursor?: string;
  /** The host whose page is open, and which page. */
  readonly page?: { readonly host: string; readonly shows: 'transcript' | 'diff'; readonly scroll: number };
  readonly only: 'all' | 'failures';
  readonly help: boolean;
}

export const noChoice: Choice = { only: 'all', help: false };

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The most lines that stay when the run is over, however tall the screen is. */
const tallestEnd = 16;

/** Two rows stay free, so that a screen which is full looks as if it is. */
export function liveHeight(rows: number): number {
  return Math.max(1, rows - 2);
}

export function endHeight(rows: number): number {
  return Math.min(liveHeight(rows), tallestEnd);
}

/** `0:47`, `1:02:03`. Not below zero. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}
