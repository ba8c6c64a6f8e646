/** The screen of `watch` at one moment: sums that add up, what the last looks said, and that it never overflows. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstState, judge, type WatchState } from '../../../src/fleet/watch-verdict.ts';
import type { Sight } from '../../../src/fleet/watch-vote.ts';
import { columns, textOf } from '../../../src/render/live/line.ts';
import { symbolsFor } from '../../../src/render/live/symbols.ts';
import { mostWatchScroll, type WatchView, watchFrame } from '../../../src/render/live/watch-frame.ts';
import { begunStory, storyAfter, type WatchStory } from '../../../src/render/live/watch-story.ts';

const startMs = 1_000_000;

/** A fleet in which each webserver looks through all gateways, through those that carry with success. */
function watched(gateways: number, rounds: readonly (readonly string[])[], mute: readonly string[] = []) {
  const names = Array.from({ length: gateways }, (_, i) => `gw${i + 1}`);
  const webs = ['web01', 'web02', 'web03'];
  const watchers = new Map(names.map((name) => [name, webs]));
  const carried = new Map(names.map((name) => [name, 12]));
  let state: WatchState = firstState(watchers);
  let story: WatchStory = begunStory(undefined, { watchers, carried }, startMs);
  for (const [index, down] of rounds.entries()) {
    const sights = webs.map((web): [string, Sight] => {
      if (mute.includes(web)) return [web, { kind: 'absent', why: 'it does not answer' }];
      const answers = (name: string) => new Map([['tcp', !down.includes(name)]]);
      return [
        web,
        { kind: 'saw', through: new Map(names.map((name) => [name, answers(name)])), whole: true },
      ];
    });
    const verdict = judge(state, new Map(sights), watchers);
    ({ state } = verdict);
    story = storyAfter(story, verdict, startMs + 1000 * (index + 1));
  }
  return story;
}

function viewOf(story: WatchStory, more: Partial<WatchView> = {}): WatchView {
  return {
    ...{ inventory: '/etc/prod.yaml', story, nowMs: startMs + 63_000, failsOver: true, failover: undefined },
    ...{ hold: 'no', isEnding: false, news: [], symbols: symbolsFor({ LANG: 'C.UTF-8' }), keys: 'yes' },
    ...{ help: false, scroll: 0, ...more },
  };
}

const shown = (view: WatchView, width = 100, height = 24): readonly string[] =>
  watchFrame(view, { width, height }).map((line) => textOf(line).trimEnd());

describe('the watch screen', () => {
  test('has a row for each gateway: what it is, how long, its votes, the last looks, what it carries', () => {
    const story = watched(2, [[], [], ['gw2'], ['gw2'], ['gw2']], ['web03']);
    expect(shown(viewOf(story))).toEqual([
      'watch prod.yaml  1:03  fails over on its own  round 5',
      '2 gateways: 1 carry, 1 DOWN; 2 of 3 watchers can vote',
      expect.stringMatching(/^ {2}gateway {2}is +for {2}votes {2}looks +carries$/),
      expect.stringMatching(/^✓ gw1 {6}carries {5}1:03 {4}2\/3 +····· {2}12 webservers$/),
      expect.stringMatching(/^✗ gw2 {6}DOWN {8}0:59 {4}0\/3 +··✗✗✗ {2}web01 web02 reach nothing$/),
      '! web03 does not answer: no vote',
      'p pause · q end · ? help',
    ]);
  });

  test('says what a failover is doing, and its words under the rest', () => {
    const story = watched(2, [['gw1'], ['gw1']]);
    const news = ['failing over from gw1', '21:40:07 [web01] Default route done'].map((text) => [{ text }]);
    const failover = { gateway: 'gw1', sinceMs: startMs + 60_000, waits: false };
    const lines = shown(viewOf(story, { failover, news }));
    expect(lines).toContainEqual(expect.stringMatching(/^\S failover from gw1 is at work {2}0:03$/));
    expect(lines.slice(-3)).toEqual(['', 'failing over from gw1', '21:40:07 [web01] Default route done']);
    const waiting = shown(viewOf(story, { failover: { ...failover, waits: true } }));
    expect(waiting.join('\n')).toMatch(/failover from gw1 waits: another command holds the inventory/);
  });

  test('has all that is needed in 40 columns and 6 rows, and no word of it is cut', () => {
    const story = watched(2, [['gw2'], ['gw2']]);
    const lines = shown(viewOf(story), 40, 6);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toBe('2 gateways: 1 carry, 1 DOWN; 3/3 vote');
    expect(lines[3]).toMatch(/^✗ gw2 {5}DOWN {7}1:01 {3}0\/3 +✗✗$/);
  });

  test('never is higher or wider than the screen, and scrolls to the last gateway', () => {
    const stories = [
      watched(1, []),
      watched(3, [[], ['gw2'], ['gw2']], ['web01']),
      watched(40, [['gw7'], ['gw7']]),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...stories),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        fc.record({ help: fc.boolean(), ascii: fc.boolean(), news: fc.integer({ min: 0, max: 30 }) }),
        (story, width, height, { help, ascii, news }) => {
          const lang = ascii ? 'C' : 'C.UTF-8';
          const view = viewOf(story, {
            ...{ help, symbols: symbolsFor({ LANG: lang }) },
            news: Array.from({ length: news }, (_, i) => [{ text: `news ${i}` }]),
          });
          const scroll = mostWatchScroll(view, { width, height });
          for (const at of [view, { ...view, scroll }]) {
            const lines = shown(at, width, height);
            expect(lines.length).toBeLessThanOrEqual(height);
            expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(width);
            if (ascii) expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
          }
          if (!help && width > 20 && height > 6)
            expect(shown({ ...view, scroll }, width, height).join('\n')).toContain(
              story.gateways.at(-1)?.name,
            );
        },
      ),
      { numRuns: 200 },
    );
  });
});
