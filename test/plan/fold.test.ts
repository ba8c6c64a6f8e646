/** Host lists as people read them. */
import { describe, expect, it } from 'vitest';
import { hostRuns } from '../../src/plan/fold.ts';

const all = ['web1', 'web2', 'web3', 'web4', 'web5', 'db'];

describe('runs of hosts', () => {
  it.each([
    [['web1'], 'web1'],
    [['web1', 'web2'], 'web1 web2'],
    [['web1', 'web2', 'web3'], 'web1..web3'],
    [['web1', 'web2', 'web3', 'web5'], 'web1..web3 web5'],
    [['web1', 'web3', 'web5'], 'web1 web3 web5'],
    [['web4', 'web5', 'db'], 'web4..db'],
    [['web3', 'web2', 'web1'], 'web3 web2 web1'],
    [['stranger', 'web1'], 'stranger web1'],
    [[], ''],
  ])('%j are told as %s', (hosts, text) => {
    expect(hostRuns(hosts, all).join(' ')).toBe(text);
  });
});
