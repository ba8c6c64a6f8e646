/** The decisions of a watch, with nobody to ask: votes, misses in a row, broken webservers, a second gateway. */
import { describe, expect, it } from 'vitest';
import { chooseWatchers } from '../../src/fleet/watch-choice.ts';
import { firstState, judge, type News, type WatchState } from '../../src/fleet/watch-verdict.ts';
import { type Sight, votesOf } from '../../src/fleet/watch-vote.ts';

const away: Sight = { kind: 'absent', why: 'no route to host' };

/** `{ gw1: '-', gw2: '+' }`; a letter for each probe. */
function saw(through: Readonly<Record<string, string>>, whole = true): Sight {
  const answers = Object.entries(through).map(
    ([gateway, signs]) =>
      [gateway, new Map(Array.from(signs, (sign, at) => [`probe ${at}`, sign === '+']))] as const,
  );
  return { kind: 'saw', through: new Map(answers), whole };
}

const well = saw({ gw1: '+', gw2: '+' });
const gw1Missed = saw({ gw1: '-', gw2: '+' });
const nothing = saw({ gw1: '-', gw2: '-' });

const watchers = new Map([
  ['gw1', ['web1', 'web2', 'web3']],
  ['gw2', ['web4', 'web1', 'web2']],
]);

type Round = Readonly<Record<string, Sight>>;

/** Who is not named sees all well. */
function watched(rounds: readonly Round[], who = watchers): { news: News[][]; state: WatchState } {
  let state = firstState(who);
  const news: News[][] = [];
  for (const round of rounds) {
    const sights = [...state.webservers.keys()].map((name) => [name, round[name] ?? well] as const);
    const verdict = judge(state, new Map(sights), who);
    ({ state } = verdict);
    news.push([...verdict.news]);
  }
  return { news, state };
}

const words = (news: readonly News[]): readonly string[] =>
  news.map((one) => {
    if (one.type === 'gateway') return `${one.gateway} ${one.carries ? 'up' : 'down'}`;
    if (one.type === 'webserver') return `${one.webserver} ${one.is}`;
    return `${one.type} ${one.gateway}`;
  });

const all = (sight: Sight): Round => ({ web1: sight, web2: sight, web3: sight, web4: sight });

describe('what one look says', () => {
  it('is no miss when the probe fails through every gateway: that is about the probe', () => {
    const votes = votesOf(saw({ gw1: '+-', gw2: '+-' }));
    expect([...votes.values()]).toEqual(['carries', 'carries']);
  });

  it('is a miss when another gateway reaches what this one does not', () => {
    expect(votesOf(saw({ gw1: '+-', gw2: '++' })).get('gw1')).toBe('misses');
  });

  it('is only a suspicion as long as nothing was compared', () => {
    expect(votesOf(saw({ gw1: '-' }, false)).get('gw1')).toBe('suspects');
  });

  it('is nothing at all when nothing is reached through any', () => {
    expect([...votesOf(nothing).values()]).toEqual(['nothing', 'nothing']);
    expect(votesOf(away).size).toBe(0);
  });
});

describe('two misses', () => {
  it('are one decision, with the names of those who saw it', () => {
    const { news } = watched([all(gw1Missed), all(gw1Missed), all(gw1Missed)]);
    expect(news.map(words)).toEqual([[], ['gw1 down', 'due gw1'], []]);
    expect(news[1]?.[0]).toMatchObject({ by: ['web1', 'web2', 'web3'] });
  });

  it('decide nothing with an answer between', () => {
    const { news } = watched([all(gw1Missed), {}, all(gw1Missed), {}]);
    expect(news.flat()).toEqual([]);
  });

  it('wait for a look that compares', () => {
    const alone = saw({ gw1: '-' }, false);
    const round = { web1: alone, web2: alone, web3: alone };
    const { news } = watched([round, round, all(gw1Missed)]);
    expect(news.map(words)).toEqual([[], [], ['gw1 down', 'due gw1']]);
  });

  it('of one webserver among several decide nothing, however often', () => {
    const { news } = watched([1, 2, 3, 4].map(() => ({ web1: gw1Missed })));
    expect(news.flat()).toEqual([]);
  });

  it('of the only one that can still be asked decide nothing', () => {
    const round = { web1: gw1Missed, web2: away, web3: away };
    const { news } = watched([round, round, round]);
    expect(words(news.flat())).toEqual(['web2 unreachable', 'web3 unreachable']);
  });

  it('of the only webserver of a fleet do decide', () => {
    const one = new Map([
      ['gw1', ['web1']],
      ['gw2', ['web1']],
    ]);
    const { news } = watched([{ web1: gw1Missed }, { web1: gw1Missed }], one);
    expect(words(news.flat())).toEqual(['gw1 down', 'due gw1']);
  });
});

describe('a webserver that reaches nothing', () => {
  it('has no vote, and that is told once; back, it has one again', () => {
    const { news } = watched([{ web1: nothing }, { web1: nothing }, { web1: nothing }, {}, {}]);
    expect(news.map(words)).toEqual([[], ['web1 broken'], [], [], ['web1 well']]);
  });

  it('does not make a majority with one that misses', () => {
    const { news } = watched([1, 2, 3].map(() => ({ web1: nothing, web2: gw1Missed })));
    expect(words(news.flat())).toEqual(['web1 broken']);
  });

  it('decides nothing where it is the only one that answers', () => {
    const { news } = watched([1, 2, 3].map(() => ({ ...all(away), web1: nothing })));
    expect(words(news.flat()).filter((text) => text.startsWith('gw'))).toEqual([]);
  });
});

describe('a second gateway', () => {
  it('is not failed over while the first is down', () => {
    const { news } = watched([all(gw1Missed), all(gw1Missed), all(nothing), all(nothing), all(nothing)]);
    expect(news.slice(0, 2).map(words)).toEqual([[], ['gw1 down', 'due gw1']]);
    expect(words(news.slice(2).flat()).filter((text) => !text.startsWith('web'))).toEqual([
      'gw2 down',
      'held gw2',
    ]);
  });

  it('that goes in the same round keeps both where they are', () => {
    const { news } = watched([all(nothing), all(nothing), all(nothing)]);
    expect(words(news.flat()).filter((text) => !text.startsWith('web'))).toEqual([
      'gw1 down',
      'gw2 down',
      'held gw1',
      'held gw2',
    ]);
  });

  it('under suspicion makes the first wait until it is clear', () => {
    const both = { ...all(gw1Missed), web4: saw({ gw1: '+', gw2: '-' }), web1: nothing };
    const three = new Map([
      ['gw1', ['web2', 'web3']],
      ['gw2', ['web4', 'web5']],
    ]);
    const doubt = { ...both, web5: saw({ gw1: '+', gw2: '-' }) };
    const { news } = watched([all(gw1Missed), doubt, all(gw1Missed)], three);
    expect(news.map(words)).toEqual([[], ['gw1 down'], ['due gw1']]);
  });
});

describe('a gateway whose twin stands by', () => {
  const pair = new Map([
    ['gw1', ['web1', 'web2', 'web3']],
    ['gw2', ['gw2']],
  ]);
  const spare = saw({ gw2: '+' });
  const missed = saw({ gw1: '-' });
  const cutOff = { web1: missed, web2: missed, web3: missed, gw2: spare };

  it('is down when the twin itself reaches what nobody reaches through it', () => {
    const { news } = watched([cutOff, cutOff], pair);
    expect(news.map(words)).toEqual([[], ['gw1 down', 'due gw1']]);
  });

  it('is not failed over for one webserver, nor when the twin reaches nothing either', () => {
    const one = { web1: missed, web2: saw({ gw1: '+' }), web3: saw({ gw1: '+' }), gw2: spare };
    expect(words(watched([one, one, one], pair).news.flat())).toEqual([]);
    const dark = { ...cutOff, gw2: saw({ gw2: '-' }) };
    const told = words(watched([dark, dark, dark], pair).news.flat());
    expect(told.filter((text) => text.startsWith('due'))).toEqual([]);
    const away = { ...cutOff, gw2: { kind: 'absent', why: 'no route' } as const };
    expect(
      words(watched([away, away, away], pair).news.flat()).filter((text) => text.startsWith('due')),
    ).toEqual([]);
  });
});

describe('a gateway that comes back', () => {
  it('is told after two rounds, and may be decided on again', () => {
    const missed = all(gw1Missed);
    const { news, state } = watched([missed, missed, {}, missed, {}, {}, missed, missed]);
    expect(words(news.flat())).toEqual(['gw1 down', 'due gw1', 'gw1 up', 'gw1 down', 'due gw1']);
    expect(state.gateways.get('gw1')?.state).toBe('down');
  });
});

describe('the watchers', () => {
  it('are at most three a gateway, different ones where there are enough', () => {
    const webservers = Array.from({ length: 40 }, (_, at) => `web${at}`);
    const chosen = chooseWatchers(['gw1', 'gw2', 'gw3'], webservers);
    expect([...chosen.values()].map((names) => names.length)).toEqual([3, 3, 3]);
    expect(new Set([...chosen.values()].flat()).size).toBe(9);
    expect(chooseWatchers(['gw1', 'gw2', 'gw3'], webservers)).toEqual(chosen);
  });

  it('are shared where there are few', () => {
    const chosen = chooseWatchers(['gw1', 'gw2'], ['web1', 'web2', 'web3', 'web4']);
    expect(Object.fromEntries(chosen)).toEqual({
      gw1: ['web1', 'web2', 'web3'],
      gw2: ['web4', 'web1', 'web2'],
    });
  });
});
