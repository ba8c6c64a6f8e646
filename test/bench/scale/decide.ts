/**
 * What `plan` does behind its connections, in a process of its own: every host of a farm's inventory was seen as real
 * hosts were (recording.ts), and is planned, folded, printed and written as a saved plan.
 */
import { readFileSync } from 'node:fs';
import { planFileText } from '../../../src/cli/plan-file.ts';
import { colourless } from '../../../src/render/palette.ts';
import { planText } from '../../../src/render/plan-text.ts';
import { planned } from './panels.ts';
import { bareRequest, planOver } from './recording.ts';

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

export interface DecideCost {
  readonly steps: Readonly<Record<string, Cost>>;
  /** MiB; of the process, with Node. */
  readonly peak: number;
}

/** Prints its cost as one line of JSON. */
export async function decide(inventory: string, recording: string): Promise<void> {
  const steps: Record<string, Cost> = {};
  let mark = now();
  const step = (name: string): void => {
    const { cpu, wall } = now();
    steps[name] = { cpu: cpu - mark.cpu, wall: wall - mark.wall };
    mark = now();
  };
  const request = bareRequest(inventory);
  step('load, resolve');
  const { plan } = await planOver(request, recording);
  step('read sights, decide');
  planText(plan, 'full', colourless);
  step('fold, print');
  planFileText({ plan, request: request.fleet });
  step('plan file');
  const parts = [steps['load, resolve'], steps['read sights, decide']];
  const sum = (of: (one: Cost) => number): number =>
    parts.reduce((all, one) => all + (one === undefined ? 0 : of(one)), 0);
  steps[planned] = { cpu: sum(({ cpu }) => cpu), wall: sum(({ wall }) => wall) };
  process.stdout.write(`${JSON.stringify({ steps, peak: peak() } satisfies DecideCost)}\n`);
}

/** Seconds; of all threads, the collector's too. */
function now(): Cost {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1e6, wall: performance.now() / 1000 };
}

function peak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
}
