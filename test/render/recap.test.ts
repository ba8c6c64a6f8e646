/** The last lines of a run tell the story alone. */
import { describe, expect, it } from 'vitest';
import { palette } from '../../src/render/palette.ts';
import { plainLine } from '../../src/render/plain.ts';
import { recapText } from '../../src/render/recap.ts';
import type { BareEvent } from '../../src/report/event.ts';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import { stamped } from '../report/stamp.ts';
import { recording } from './recording.ts';

const colourless = palette({ isTerminal: false, environment: {} });
const recap = (...events: readonly BareEvent[]) =>
  recapText(events.map(stamped).reduce(reduce, emptyRunState), colourless);
const started = (...hosts: string[]): BareEvent => ({
  type: 'run-started',
  command: 'apply',
  inventory: 'i',
  playbook: 'p',
  hosts,
});
const failed = (host: string): BareEvent => ({ type: 'host-finished', play: 'p', host, result: 'failed' });

describe('the recap', () => {
  it('tells a failure with task, last words, place and what to do, then counts all hosts', () => {
    const text = recap(
      started('a', 'b', 'c'),
      { type: 'host-finished', play: 'p', host: 'a', result: 'changed' },
      {
        type: 'host-finished',
        play: 'p',
        host: 'b',
        result: 'rolled-back',
        task: 'FORWARD rules',
        message: 'exit 2; rolled back, verified',
        said: 'bad \u001b[31mrule\nline 3',
        place: { file: 'site.yaml', line: 12, col: 7 },
        next: 'the host is as it was before the run',
      },
      { type: 'run-stopped', why: 'max_fail 1 is reached: 1 failed' },
      { type: 'run-finished', exit: 3, seconds: 2.13 },
    );
    expect(text).toBe(
      [
        "b rolled-back in 'FORWARD rules': exit 2; rolled back, verified",
        '    bad \\x1b[31mrule',
        '    line 3',
        '    from site.yaml:12:7',
        '    the host is as it was before the run',
        'stopped: max_fail 1 is reached: 1 failed',
        '  changed      a',
        '  rolled-back  b',
        '  not reached  c',
        'next: gwfleet runs resume 20261122-214007-7f3a   or, to see all of it: gwfleet runs show 20261122-214007-7f3a',
        '3 hosts: 1 changed, 1 rolled-back, 1 not reached, 2.1 s',
        '',
      ].join('\n'),
    );
  });

  it('tells in twenty lines what went wrong on ten of 400 hosts, and what to type next', () => {
    const { events } = recording();
    const lines = recapText(events.reduce(reduce, emptyRunState), colourless).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(lines).toContain(
      "web037 web185 web333 rolled-back in 'Default route': exit 2; rolled back, verified",
    );
    expect(lines.filter((line) => line === '    from playbooks/site.yaml:16:7')).toHaveLength(4);
    expect(lines.at(-2)).toMatch(/^next: gwfleet runs resume /);
  });

  it('fits twenty lines with 30 different failures of 400 hosts, a stop, and hosts in every state', () => {
    const hosts = Array.from({ length: 400 }, (_, i) => `web${String(i).padStart(3, '0')}`);
    const results = ['failed', 'rolled-back', 'unreachable', 'unknown', 'changed', 'ok'] as const;
    const ends = hosts.slice(0, 300).flatMap((host, i): readonly BareEvent[] => {
      const result = i % 10 === 0 ? results[(i / 10) % 4]! : results[4 + (i % 2)]!;
      return [
        {
          ...{ type: 'host-finished', play: 'p', host, result },
          ...(i % 10 === 0
            ? {
                ...{
                  task: 'Default route',
                  message: `exit ${i}`,
                  said: `line\n${'x'.repeat(5000)}\nlast ${i}`,
                },
                ...{ place: { file: 'site.yaml', line: 12, col: 7 }, next: 'the host is as it was' },
              }
            : {}),
        },
      ];
    });
    const lines = recap(
      started(...hosts),
      ...ends,
      { type: 'run-stopped', why: 'max_fail 30 is reached: 30 failed' },
      { type: 'run-finished', exit: 7, seconds: 9 },
    )
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(220);
    expect(lines[0]).toBe('28 more failed before these; gwfleet runs show 20261122-214007-7f3a has them');
    expect(lines).toContain('    the host is as it was');
    expect(lines.find((line) => line.startsWith('  changed'))).toMatch(/\.\.\. 120 in all$/);
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/^next: gwfleet runs resume /),
      '400 hosts: 150 ok, 120 changed, 7 unreachable, 8 failed, 8 rolled-back, 7 unknown, 100 not reached, 9.0 s',
    ]);
  });

  it('does not drown the end in failures', () => {
    const hosts = Array.from({ length: 400 }, (_, i) => `h${i}`);
    const lines = recap(started(...hosts), ...hosts.map(failed)).split('\n');
    expect(lines.length).toBeLessThan(20);
    expect(lines.at(-2)).toBe('400 hosts: 400 failed');
  });
});

describe('a plain line', () => {
  it('begins with the time and says who', () => {
    expect(plainLine(stamped({ type: 'guard-armed', host: 'gw1', seconds: 60 }), colourless)).toBe(
      '21:40:07 [gw1] guard armed, rolls back after 60 s without us',
    );
  });

  it('is one line without escapes, whatever the host said', () => {
    const line = plainLine(stamped({ type: 'note', host: 'gw1', message: 'a\u001b[2J\nb' }), colourless);
    expect(line).toBe('21:40:07 [gw1] a\\x1b[2J / b');
  });
});
