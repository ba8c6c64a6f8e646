/** The interface as lines: it fits every screen, and its numbers are right at every moment of a run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countsLine } from '../../../src/render/live/edge-lines.ts';
import { frame, lastFrame } from '../../../src/render/live/frame.ts';
import { press } from '../../../src/render/live/keys.ts';
import { columns, textOf } from '../../../src/render/live/line.ts';
import { symbolsFor } from '../../../src/render/live/symbols.ts';
import { type Choice, type LiveView, liveHeight, noChoice } from '../../../src/render/live/view.ts';
import { emptyRunState, type RunState, reduce } from '../../../src/report/run-state.ts';
import { type Recording, recording } from '../recording.ts';

const unicode = symbolsFor({ LANG: 'C.UTF-8' });

function viewAt(state: RunState, { plan }: Recording, choice: Choice = noChoice): LiveView {
  const nowMs = Date.parse(state.at) + 500;
  return {
    ...{ state, plan, nowMs, choice, tick: 3, symbols: unicode, keys: 'yes', hold: 'no', stopping: false },
    news: [],
  };
}

/** Each run afresh: the reducer changes its map of hosts in place. */
function stateAfter({ events }: Recording, count: number): RunState {
  return events.slice(0, count).reduce(reduce, emptyRunState);
}

const text = (view: LiveView, width = 80, rows = 24): readonly string[] =>
  frame(view, { width, height: liveHeight(rows) }).map(textOf);

const small = recording({ gateways: 2, webservers: 2 });
const large = recording();

describe('the interface', () => {
  it('has a row for each of a few hosts, with its ticks and the countdown of its guard', () => {
    const armed = small.events.findIndex(({ type }) => type === 'task-finished') + 1;
    const lines = text(viewAt(stateAfter(small, armed), small));
    expect(lines).toEqual([
      'apply prod.yaml  0:00  batch 1/2  Gateways carry the pool',
      ' ◆ gw1     guard 0:59  ✓⠸··  A conntrack table that fits the pool  0:00',
      ' · gw2     waits',
      ' · web001  waits',
      ' · web002  waits',
      '4 hosts: 1 running, 3 waiting',
      '↑↓ host · ⏎ open · f failures · p pause · q stop · ? help',
    ]);
  });

  it('shows many hosts as plays, one mark a host, and the hosts that need attention', () => {
    const half = Math.floor(large.events.length * 0.6);
    const lines = text(viewAt(stateAfter(large, half), large));
    expect(lines).toHaveLength(22);
    expect(lines[1]).toMatch(/^Gateways carry the pool .*█{8,} +8\/8$/);
    expect(lines[2]).toMatch(/^Webservers leave .*█+░+ +\d+\/392 +\d+ bad +batch \d\/5$/);
    const marks = lines.slice(3, 8).join('').replaceAll(' ', '');
    expect(Array.from(marks)).toHaveLength(400);
    expect(lines.slice(8, 20).join('\n')).toMatch(/ ↩ web037 +rolled-back {2}Default route: exit 2/);
  });

  it('explains its keys without cutting a word where the screen is narrow, and as much as fits where it is low', () => {
    const help = { ...noChoice, help: true };
    const at = viewAt(stateAfter(small, 9), small, help);
    const lines = text(at, 40, 30);
    expect(lines.join('\n')).toContain(
      'q ctrl-c    stop: begin no further host;\n            ctrl-c twice leaves at once',
    );
    expect(lines.slice(1).join('')).not.toContain('…');
    expect(text(at, 40, 10)).toHaveLength(8);
  });

  it('leaves rows that say who was not reached', () => {
    const armed = small.events.findIndex(({ type }) => type === 'guard-armed');
    const last = lastFrame(viewAt(stateAfter(small, armed), small), { width: 80, height: 16 }).map(textOf);
    expect(last.slice(1)).toEqual([
      ' · gw2     not reached',
      ' · web001  not reached',
      ' · web002  not reached',
    ]);
  });

  it('tells what happened last where room is left, under all that must not move', () => {
    const news = ['one', 'two', 'three'].map((word) => [{ text: word }]);
    const at = viewAt(stateAfter(small, 9), small);
    const [without, few, low] = [text(at), text({ ...at, news }), text({ ...at, news }, 80, 11)];
    expect(few).toEqual([...without, '', 'one', 'two', 'three']);
    expect(low).toEqual([...without, '', 'three']);
    const many = text({ ...viewAt(stateAfter(large, 2000), large), news });
    expect(many).toHaveLength(22);
    expect(many.slice(-5)).toEqual([many.at(-5), '', 'one', 'two', 'three']);
    expect(many.at(-5)).toMatch(/q stop/);
  });

  it('never is higher or wider than the screen, whatever is on it and whatever is typed', () => {
    const keys = ['up', 'down', 'enter', 'd', 'f', '?', 'escape', 'p', 'j', 'k', 'x'];
    fc.assert(
      fc.property(
        fc.record({
          part: fc.double({ min: 0, max: 1, noNaN: true }),
          width: fc.integer({ min: 1, max: 200 }),
          rows: fc.integer({ min: 3, max: 60 }),
          typed: fc.array(fc.constantFrom(...keys), { maxLength: 8 }),
          ascii: fc.boolean(),
          one: fc.constantFrom(small, large),
        }),
        ({ part, width, rows, typed, ascii, one }) => {
          const state = stateAfter(one, Math.floor(one.events.length * part));
          let view = viewAt(state, one);
          if (ascii) view = { ...view, symbols: symbolsFor({ LANG: 'C' }) };
          for (const key of typed) view = { ...view, choice: press(key, view).choice };
          const size = { width, height: liveHeight(rows) };
          const lines = [frame(view, size), lastFrame(view, size)].map((all) => all.map(textOf));
          for (const all of lines) {
            expect(all.length).toBeLessThanOrEqual(Math.max(1, rows - 2));
            expect(Math.max(0, ...all.map(columns))).toBeLessThanOrEqual(width);
            if (ascii) expect(all.join('')).toMatch(/^[\x20-\x7e]*$/);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each([40, 80, 200])(
    'says counts that add up to the hosts after every single event, at %i columns',
    (width) => {
      let state = emptyRunState;
      for (const event of large.events) {
        state = reduce(state, event);
        if (state.hosts.size === 0) continue;
        const line = countsLine(viewAt(state, large), width).map(({ text: words }) => words);
        const [all, ...parts] = [...line.join('').matchAll(/\d+/g)].map(Number);
        expect(all).toBe(400);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(400);
      }
      const end = textOf(countsLine(viewAt(state, large), width));
      expect(end).toBe(
        width === 40
          ? '400: 390✓ 3! 2✗ 3↩ 2?'
          : '400 hosts: 390 changed, 3 unreachable, 2 failed, 3 rolled-back, 2 unknown',
      );
    },
  );

  it('keeps its last lines where they are while rows of many hosts come and go', () => {
    const places = [1, 450, 1200, 2000, large.events.length].map((count) => {
      const lines = text(viewAt(stateAfter(large, count), large));
      expect(lines).toHaveLength(22);
      return lines.findIndex((line) => /^400( hosts)?: /.test(line));
    });
    expect(new Set(places)).toEqual(new Set([20]));
  });

  it('shows the falling count of a drain, and what it began with', () => {
    const stamp = { v: 1, at: '2026-11-22T21:41:00.000Z', run: 'r', host: 'web001' } as const;
    const where = { gateway: 'gw1', counted: 'gateway', deadline: 600 } as const;
    const rowAt = (...counts: readonly number[]): string => {
      const falling = counts.map((connections) => {
        return { ...stamp, ...where, type: 'drain-progress', connections } as const;
      });
      const state = falling.reduce(reduce, stateAfter(small, small.events.length));
      return text(viewAt(state, small)).find((line) => line.includes('web001')) ?? '';
    };
    expect(rowAt(310)).toBe(' ✓ web001  changed  draining: 310 connections on gw1');
    expect(rowAt(310, 40, 1)).toBe(' ✓ web001  changed  draining: 1 connection on gw1, 310 before');
  });

  it('opens a host, and shows what the plan changes on it', () => {
    let view = viewAt(stateAfter(large, large.events.length), large);
    const type = (...keys: readonly string[]): void => {
      for (const key of keys) view = { ...view, choice: press(key, view).choice };
    };
    type('f', 'enter');
    expect(text(view).join('\n')).toContain('RTNETLINK answers: Network is unreachable');
    expect(text(view).join('\n')).toContain('from playbooks/site.yaml:16:7');
    type('d');
    expect(text(view).join('\n')).toMatch(/~ sysctl Default route +0 -> 1/);
    type('escape', 'escape', 'escape');
    expect(view.choice).toEqual(noChoice);
  });

  it('makes wishes of keys: stop, leave, pause, suspend', () => {
    const view = viewAt(stateAfter(small, 3), small);
    const wishes = ['q', 'ctrl-c', 'p', 'ctrl-z', 'z'].map((key) => press(key, view).wish);
    expect(wishes).toEqual(['stop', 'interrupt', 'hold', 'suspend', undefined]);
  });
});
