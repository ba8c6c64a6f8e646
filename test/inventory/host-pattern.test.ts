import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PatternContext, selectHosts } from '../../src/inventory/host-pattern.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import { memoryFiles } from './memory-files.ts';

const text = `
gateways: { hosts: { "gw[1:3]": } }
webservers: { hosts: { "web[01:04]": } }
staging: { hosts: { web04: , gw3: } }
empty:
site: { children: { gateways: , staging: } }
v6: { hosts: { "2001:db8::1": } }
`;
const inventory = readInventory(memoryFiles({ i: text }), 'i').inventory!;
const context: PatternContext = {
  name: '--limit',
  reference: (name) =>
    name === 'last:failed' ? { elements: ['web02', 'gw2'] } : { problem: `there is no file ${name}` },
};
const hosts = (pattern: string) => selectHosts(inventory, pattern, context).hosts.join(' ');
const problem = (pattern: string) =>
  selectHosts(inventory, pattern, context)
    .diagnostics.map(({ message, hint }) => `${message}; ${hint ?? ''}`)
    .join();

describe('selectHosts', () => {
  it.for([
    ['all', 'web01 web02 web03 web04 2001:db8::1 gw1 gw2 gw3'],
    ['gw1', 'gw1'],
    ['gateways', 'gw1 gw2 gw3'],
    ['gw1,web01', 'gw1 web01'],
    ['gw1:web01', 'gw1 web01'],
    ['gw*', 'gw1 gw2 gw3'],
    ['web0?', 'web01 web02 web03 web04'],
    ['web0[!12]', 'web03 web04'],
    ['w*servers', 'web01 web02 web03 web04'],
    ['webservers:&staging', 'web04'],
    ['webservers:!staging', 'web01 web02 web03'],
    ['!gateways:webservers', 'web01 web02 web03 web04'],
    ['&staging,webservers', 'web04'],
    ['!webservers', '2001:db8::1 gw1 gw2 gw3'],
    ['site', 'gw1 gw2 gw3 web04'],
    ['~web0[1-2]', 'web01 web02'],
    ['~(gw|web0)1', 'gw1 web01'],
    ['~g', 'gw1 gw2 gw3'],
    ['~web:!web01', 'web02 web03 web04'],
    ['@last:failed', 'web02 gw2'],
    ['@last:failed,gw1', 'web02 gw2 gw1'],
    ['gateways,!@last:failed', 'gw1 gw3'],
    ['gateways:!@last:failed', 'gw1 gw3'],
    ['2001:db8::1', '2001:db8::1'],
    [' gw1 , gw2 ', 'gw1 gw2'],
    ['gw1,gateways,gw1', 'gw1 gw2 gw3'],
  ] as const)('%s', ([pattern, expected]) => {
    expect(problem(pattern)).toBe('');
    expect(hosts(pattern)).toBe(expected);
  });

  it.for([
    ['gatways', "--limit: 'gatways' matches no host and no group; did you mean 'gateways'?"],
    ['webservers:!gw9', "--limit: 'gw9' matches no host and no group; did you mean 'gw1'?"],
    ['webservers:&stagin', "'stagin' matches no host and no group; did you mean 'staging'?"],
    ['Gateways', "did you mean 'gateways'?"],
    ['db*', "'db*' matches no host and no group"],
    ['gw[02:03]', 'counts positions'],
    ['web[-1]', 'counts positions'],
    ['web0[12]', 'counts positions'],
    ['web[0]', 'counts positions'],
    ['web[1:]', 'counts positions'],
    ['~(', 'is not a regular expression'],
    ['@nofile', 'there is no file nofile'],
    ['', 'the pattern is empty'],
    ['gateways:&webservers', 'leaves no host'],
    ['all:!all', 'leaves no host'],
  ] as const)('%s is refused', ([pattern, words]) => {
    expect(problem(pattern)).toContain(words);
  });

  it('names both wrong elements at once', () => {
    expect(selectHosts(inventory, 'nobody,neither', context).diagnostics).toHaveLength(2);
  });

  it('is the algebra of sets', () => {
    const element = fc.constantFrom('gateways', 'webservers', 'staging', 'site', 'gw1', 'web02');
    const all = (pattern: string) => new Set(selectHosts(inventory, pattern, context).hosts);
    fc.assert(
      fc.property(element, element, element, (a, b, c) => {
        const expected = [...new Set([...all(a), ...all(b)])].filter((host) => !all(c).has(host)).sort();
        expect([...all(`${a}:!${c}:${b}`)].sort()).toEqual(expected);
      }),
    );
  });
});
