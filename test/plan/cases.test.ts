/** Each folder of cases/ is a story: play.json (what is planned, shortened) and plan.txt (how people read it). */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Plan, PlayPlan } from '../../src/plan/plan.ts';
import { palette } from '../../src/render/palette.ts';
import { type DiffDepth, planText } from '../../src/render/plan-text.ts';
import type { Change, Note } from '../../src/tasks/task-type.ts';

interface StoryTask {
  readonly changes?: Change[];
  readonly notes?: Note[];
}

interface Story {
  readonly depth?: DiffDepth;
  readonly plays: readonly {
    readonly pattern: string;
    readonly name: string;
    readonly batches: readonly (readonly string[])[];
    readonly hosts: Readonly<
      Record<string, StoryTask & { tasks?: StoryTask[]; why?: string; hint?: string }>
    >;
  }[];
}

const cases = join(dirname(fileURLToPath(import.meta.url)), 'cases');
const colourless = palette({ isTerminal: false, environment: {} });

function playOf({ pattern, name, batches, hosts }: Story['plays'][number]): PlayPlan {
  const plans = batches.flat().map((host) => {
    const { changes = [], notes = [], why, hint, tasks } = hosts[host] ?? {};
    return why === undefined
      ? { kind: 'planned', host, tasks: tasks ?? [{ changes, notes }] }
      : { kind: 'unplannable', host, result: 'unreachable', why, ...(hint === undefined ? {} : { hint }) };
  });
  return { pattern, name, batches, hosts: plans } as unknown as PlayPlan;
}

describe('the plan as people read it', () => {
  it.each(readdirSync(cases))('%s', (story) => {
    const { plays, depth } = JSON.parse(readFileSync(join(cases, story, 'play.json'), 'utf8')) as Story;
    const plan: Plan = { v: 1, inventory: 'i', playbook: 'p', plays: plays.map(playOf) };
    expect(planText(plan, depth ?? 'short', colourless)).toBe(
      readFileSync(join(cases, story, 'plan.txt'), 'utf8'),
    );
  });
});
