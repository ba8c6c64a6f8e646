/**
 * `watch` on a terminal: what it shows is `render/live/watch-frame`. What it would have told as lines is kept, and told
 * when the terminal is the user's again; a failover's own words come here, too.
 */
import { stripVTControlCharacters } from 'node:util';
import { type Line, span, type Tone } from '../../render/live/line.ts';
import { symbolsFor } from '../../render/live/symbols.ts';
import { type Failover, mostWatchScroll, type WatchView, watchFrame } from '../../render/live/watch-frame.ts';
import { begunStory, storyAfter, type WatchStory } from '../../render/live/watch-story.ts';
import { visibleText } from '../../render/visible.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { liveSize, ownScreen } from '../own-screen.ts';
import { toldNews, type Voice, type VoiceData, type VoiceOrder, watchingLine } from './watch-voice.ts';

/** A watch may run for weeks: what is told at the end is the newest. */
const mostKept = 1000;
const newsKept = 100;
const frameMs = 250;

interface Kept {
  readonly to: 'result' | 'tell';
  readonly text: string;
}

export function watchScreen(order: VoiceOrder): Voice {
  const { output, flags, hold } = order;
  const failsOver = flags.failover === true;
  const symbols = symbolsFor(process.env);
  const keys = process.stdin.isTTY ? 'yes' : 'no';
  let story: WatchStory = begunStory(undefined, { watchers: new Map(), carried: new Map() }, Date.now());
  let watchers: ReadonlyMap<string, readonly string[]> = new Map();
  let failover: Failover | undefined;
  let [kept, dropped]: [readonly Kept[], number] = [[], 0];
  let news: readonly Line[] = [];
  let [help, scroll] = [false, 0];

  const view = (): WatchView => ({
    inventory: order.path,
    story,
    nowMs: Date.now(),
    failsOver,
    failover,
    hold: hold.state(),
    isEnding: order.isEnding(),
    news,
    symbols,
    keys,
    help,
    scroll,
  });
  const keep = (one: Kept): void => {
    dropped += kept.length === mostKept ? 1 : 0;
    kept = [...kept, one].slice(-mostKept);
  };
  const tellNews = (text: string, tone: Tone): void => {
    const lines = visibleText(stripVTControlCharacters(text)).trimEnd().replaceAll('\t', '  ').split('\n');
    news = [...news, ...lines.map((line): Line => [span(line, tone)])].slice(-newsKept);
  };
  const told: Voice['told'] = (message, data) => {
    const at = new Date().toISOString();
    keep({ to: 'result', text: `${at} ${message}\n` });
    tellNews(`${at.slice(11, 19)} ${message}`, toneOf(data));
    failover = failoverAfter(failover, data, failsOver);
    if (data.type === 'failover')
      story = begunStory(story, { watchers, carried: order.carried() }, Date.now());
  };
  const press = (key: string): void => {
    if (key === 'ctrl-c') process.kill(process.pid, 'SIGINT');
    else if (key === 'ctrl-z') screen.suspend();
    else if (help) help = false;
    else if (key === 'q' || key === 'escape') order.end();
    else if (key === 'p') hold.toggle();
    else if (key === '?' || key === 'h') help = true;
    const step = key === 'down' || key === 'j' ? 1 : key === 'up' || key === 'k' ? -1 : 0;
    scroll = Math.max(0, Math.min(mostWatchScroll(view(), liveSize()), scroll + step));
    screen.redraw();
  };
  const screen = ownScreen({
    output,
    everyMs: frameMs,
    lines: (size) => watchFrame(view(), size),
    press,
    taken: () =>
      output.divert((text) => {
        keep({ to: 'tell', text });
        tellNews(text, 'dim');
      }),
    given: () => {
      output.divert(undefined);
      if (dropped > 0) output.tell(`${dropped} earlier lines are not told again\n`);
      for (const { to, text } of kept) output[to](text);
      [kept, dropped] = [[], 0];
    },
  });
  return {
    begun: (given) => {
      watchers = given;
      story = begunStory(story, { watchers, carried: order.carried() }, Date.now());
      told(watchingLine(watchers, failsOver), { type: 'watching' });
    },
    round: (verdict) => {
      story = storyAfter(story, verdict, Date.now());
      toldNews(verdict.news, order, told);
      screen.redraw();
    },
    told,
    close: () => screen.end(),
  };
}

function failoverAfter(
  before: Failover | undefined,
  { type, gateway, exit, waits }: VoiceData,
  failsOver: boolean,
): Failover | undefined {
  if (type === 'due' && failsOver) return { gateway: String(gateway), sinceMs: Date.now(), waits: false };
  if (type !== 'failover') return before;
  return exit === exitCodes.staleOrLocked && waits === true && before !== undefined
    ? { ...before, waits: true }
    : undefined;
}

function toneOf({ type, carries, exit }: VoiceData): Tone {
  if (type === 'gateway') return carries === true ? 'good' : 'bad';
  if (type === 'failover') return exit === exitCodes.asWanted ? 'good' : 'bad';
  return type === 'held' ? 'bad' : type === 'due' || type === 'webserver' ? 'busy' : 'plain';
}
