/** The verbs `lab ...` as a program of their own, for tests that kill it. Run with `node --import tsx`. */
import { Command } from 'commander';
import { registerLab } from '../../src/cli/lab.ts';

const program = new Command('gwfleet');
registerLab(program);
await program.parseAsync();
