/** What the checkpoint of an apply keeps in the tools' own words. */
import { describe, expect, test } from 'vitest';
import { applyScript } from '../../src/guard/apply-script.ts';
import type { TaskPlan } from '../../src/plan/plan.ts';
import { noMoment } from '../../src/tasks/default-route/moment.ts';
import type { DefaultRouteState } from '../../src/tasks/default-route/state.ts';
import { defaultRoute } from '../../src/tasks/default-route.ts';
import { type AnyTaskType, taskTypes } from '../../src/tasks/registry.ts';
import { facts } from '../tasks/samples.ts';

const via = (hop: string): DefaultRouteState => ({
  routes: [`via ${hop} dev eth0`],
  nextHop: 'unasked',
  drain: null,
  readiness: null,
  moment: noMoment,
});

function scriptOf(tasks: readonly Pick<TaskPlan, 'type' | 'args' | 'from' | 'to'>[]): string {
  const plans = tasks.map((task, i) => ({
    ...task,
    id: `t${i}`,
    name: task.type,
    place: { file: 'x', line: 1, col: 1 },
    object: task.type,
    changes: [{ action: 'update' as const, kind: task.type, name: task.type }],
    notes: [],
    seen: '1 1',
  }));
  const order = { guardId: '20260101-000000-test.1', owner: 'me@here', mark: 'm', facts, now: 1 };
  return applyScript({ ...order, tasks: plans, confirmTimeoutSeconds: 60 }, taskTypes).text;
}

const keepsRules = (text: string): boolean => text.includes(`echo '# iptables-save'; iptables-save`);
const route = { type: 'default_route', args: { via: '10.0.0.2', drain: false } };
const command = { type: 'command', args: { cmd: 'true' }, from: null, to: 'true' };

describe('the checkpoint', () => {
  test('leaves the rules out where only a route moves, and nothing else may change them', () => {
    const text = scriptOf([{ ...route, from: via('10.0.0.1'), to: via('10.0.0.2') }]);
    expect(keepsRules(text)).toBe(false);
    expect(text).toContain('# ip link, addr, rule, route');
  });

  test('keeps them where a command may do anything', () => {
    expect(keepsRules(scriptOf([{ ...route, from: via('10.0.0.1'), to: via('10.0.0.2') }, command]))).toBe(
      true,
    );
  });

  test('keeps them where a route begins to drain, which is done with rules', () => {
    const drain = { shift: 16 } as NonNullable<DefaultRouteState['drain']>;
    const type: AnyTaskType = defaultRoute;
    expect(type.sparesRules?.(via('10.0.0.1'), via('10.0.0.2'))).toBe(true);
    expect(type.sparesRules?.(via('10.0.0.1'), { ...via('10.0.0.2'), drain })).toBe(false);
    expect(type.sparesRules?.({ ...via('10.0.0.1'), drain }, via('10.0.0.2'))).toBe(false);
  });
});
