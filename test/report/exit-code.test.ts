/** Exit codes as promised: the table of the contract. */
import { describe, expect, it } from 'vitest';
import type { BareEvent, HostResult, RunEvent } from '../../src/report/event.ts';
import { type Ending, exitCode } from '../../src/report/exit-code.ts';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import { stamped } from './stamp.ts';

type Story = HostResult | `touched ${HostResult}` | readonly [HostResult, HostResult];

function eventsOf(host: string, story: Story): readonly BareEvent[] {
  const results = typeof story === 'string' ? [story.replace('touched ', '') as HostResult] : story;
  const touched = typeof story === 'string' && story.startsWith('touched');
  return [
    ...(touched ? [{ type: 'task-finished', host, task: 't', code: 1 } as const] : []),
    ...results.map((result) => ({ type: 'host-finished', play: 'p', host, result }) as const),
  ];
}

function exitOf(stories: readonly Story[], ending: Ending = {}): number {
  const events: readonly RunEvent[] = stories.flatMap((story, i) => eventsOf(`h${i}`, story)).map(stamped);
  return exitCode(events.reduce(reduce, emptyRunState), ending);
}

const table: readonly (readonly [string, readonly Story[], number, Ending])[] = [
  ['nothing at all', [], 0, {}],
  ['as wanted, changed or not', ['ok', 'changed'], 0, {}],
  ['a host failed before anything was touched', ['failed', 'ok'], 2, {}],
  ['a host failed, others changed', ['touched failed', 'changed'], 2, {}],
  ['one rolled back, one kept', ['touched rolled-back', 'changed'], 2, {}],
  ['every touched host is back', ['touched rolled-back', 'touched rolled-back', 'ok'], 3, {}],
  ['every touched host is back, one was out of reach', ['touched rolled-back', 'unreachable'], 3, {}],
  ['back in the second play, but the first one stands', [['changed', 'rolled-back']], 2, {}],
  ['only unreachable', ['unreachable', 'ok'], 4, {}],
  ['unreachable and failed', ['unreachable', 'failed'], 2, {}],
  ['refused everywhere', ['failed'], 6, { refused: true }],
  ['unknown wins over all', ['unknown', 'failed', 'unreachable'], 7, { interrupted: true }],
  ['interrupted wins over failures', ['touched rolled-back', 'failed'], 99, { interrupted: true }],
];

describe('the exit code', () => {
  it('is 2 when a gate stopped the run, though every host that was begun is well', () => {
    const events = [...eventsOf('h1', 'changed'), { type: 'run-stopped', why: 'gate' } as const].map(stamped);
    expect(exitCode(events.reduce(reduce, emptyRunState))).toBe(2);
  });

  it.each(table)('%s', (_, stories, exit, ending) => {
    expect(exitOf(stories, ending)).toBe(exit);
  });
});
