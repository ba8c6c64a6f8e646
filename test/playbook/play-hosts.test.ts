import { describe, expect, test } from 'vitest';
import { playHosts } from '../../src/playbook/play-hosts.ts';
import { inventoryOf, readText, said } from './reading.ts';

const inventory = inventoryOf('web: { hosts: { w1: , w2: , w3: } }\ngateways:\n');

function hosts(
  pattern: string,
  limit?: readonly string[],
): { hosts: readonly string[]; said: readonly string[] } {
  const play = readText(`- { hosts: "${pattern}", tasks: [] }`).playbook?.plays[0];
  if (play === undefined) throw new Error('the play has errors');
  const found = playHosts(play, inventory, limit === undefined ? undefined : new Set(limit));
  return { hosts: found.hosts, said: said(found.diagnostics) };
}

describe('hosts of a play', () => {
  test.each<[string, readonly string[] | undefined, readonly string[]]>([
    ['web', undefined, ['w1', 'w2', 'w3']],
    ['w3,w1', undefined, ['w1', 'w3']],
    ['web:!w2', ['w2', 'w3'], ['w3']],
    ['web', [], []],
  ])('%s with the limit %j', (pattern, limit, wanted) => {
    expect(hosts(pattern, limit)).toEqual({ hosts: wanted, said: [] });
  });

  test('a role without hosts is a warning', () => {
    const { diagnostics } = playHostsOf('webservers');
    expect(diagnostics).toMatchObject([{ severity: 'warning' }]);
    expect(hosts('gateways').said).toEqual(["1:12 no host is in 'gateways', the play does nothing"]);
  });

  test('any other pattern that means nobody is an error', () => {
    expect(hosts('wbe').said).toEqual([
      "1:12 hosts: 'wbe' matches no host and no group | did you mean 'web'?",
    ]);
  });
});

function playHostsOf(pattern: string): ReturnType<typeof playHosts> {
  const play = readText(`- { hosts: ${pattern}, tasks: [] }`).playbook?.plays[0];
  if (play === undefined) throw new Error('the play has errors');
  return playHosts(play, inventory, undefined);
}
