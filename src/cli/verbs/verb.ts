/** What the registration of a verb needs: the program to add to, where words go, and the end of an action. */
import type { Command } from 'commander';
import type { Output } from '../output.ts';

export interface VerbGround {
  readonly root: Command;
  readonly output: Output;
  /** Sets the process's exit code once the verb is over. */
  readonly done: (exit: Promise<number>) => Promise<void>;
}
