import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { edited, type Wish } from '../../src/inventory/edit.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import { memoryFiles } from './memory-files.ts';

const file = 'prod.yaml';

function edit(text: string, wish: Wish, others: Readonly<Record<string, string>> = {}): string {
  const found = edited(memoryFiles({ [file]: text, ...others }), file, wish);
  if ('problem' in found) throw new Error(`${found.problem.message}\n${found.problem.hint ?? ''}`);
  return found.text;
}

function state(host: string, value: string): Wish {
  return { kind: 'set', host, variable: 'gateway_state', value };
}

const third: Wish = {
  kind: 'add',
  host: 'gw3',
  group: 'gateways',
  variables: {
    ansible_host: '10.0.0.3',
    snat_pool: '203.0.113.30-203.0.113.35',
    gateway_state: 'standby',
  },
};

const written = `# the fleet of Wien
all:
  vars: {ansible_user: root}   # everywhere
  children:
    gateways:
      hosts:
        gw1: { ansible_host: 10.0.0.1, snat_pool: 203.0.113.10-203.0.113.15 }  # rack 4
        # bought in 2025
        gw2:
          ansible_host: 10.0.0.2
          snat_pool:
            - 203.0.113.20-203.0.113.25   # six

    webservers:
      hosts:
        web[01:40]: {}
`;

describe('a state', () => {
  test('comes into a flow mapping behind what is there', () => {
    expect(edit(written, state('gw1', 'draining'))).toBe(
      written.replace('113.15 }', '113.15, gateway_state: draining }'),
    );
  });

  test('comes into a block mapping as a line of its own', () => {
    expect(edit(written, state('gw2', 'standby'))).toBe(
      written.replace('# six\n', '# six\n          gateway_state: standby\n'),
    );
  });

  test('changes where it is written, comment and all', () => {
    const before = written.replace('ansible_host: 10.0.0.2\n', "gateway_state: 'draining' # since Monday\n");
    expect(edit(before, state('gw2', 'active'))).toBe(before.replace("'draining'", 'active'));
  });

  test.each([
    ['gw1:', 'gw1: { gateway_state: standby }'],
    ['gw1: # main', 'gw1: { gateway_state: standby } # main'],
    ['gw1: {}', 'gw1: { gateway_state: standby }'],
    ['gw1: ~', 'gw1: { gateway_state: standby }'],
    ['"gw1": {a: b,}', '"gw1": {a: b, gateway_state: standby,}'],
  ])('comes to %s', (before, after) => {
    const around = (line: string): string => `gateways:\n  hosts:\n    ${line}\n    gw2:\n`;
    expect(edit(around(before), state('gw1', 'standby'))).toBe(around(after));
  });

  test('stays JSON in JSON', () => {
    const json = '{"gateways": {"hosts": {"gw1": {"ansible_host": "10.0.0.1"}, "gw2": {}}}}';
    const after = edit(edit(json, state('gw2', 'standby')), state('gw1', 'draining'));
    expect(JSON.parse(after)).toEqual({
      gateways: {
        hosts: {
          gw1: { ansible_host: '10.0.0.1', gateway_state: 'draining' },
          gw2: { gateway_state: 'standby' },
        },
      },
    });
  });

  test('changes at every place of a host that stands in several groups', () => {
    const before = `gateways: { hosts: { gw1: { gateway_state: active } } }
vienna:
  hosts:
    gw1:
      gateway_state: active
`;
    expect(edit(before, state('gw1', 'draining'))).toBe(before.replaceAll('active', 'draining'));
  });

  test('comes to the place of a host with variables when it stands in several groups', () => {
    const before = 'vienna:\n  hosts:\n    gw1:\ngateways:\n  hosts:\n    gw1: {a: b}\n';
    expect(edit(before, state('gw1', 'draining'))).toBe(
      before.replace('a: b', 'a: b, gateway_state: draining'),
    );
  });

  test('changes in host_vars when that file has the last word', () => {
    const others = { 'host_vars/gw1.yml': 'gateway_state: active # as always\nx: 1\n' };
    const found = edited(memoryFiles({ [file]: written, ...others }), file, state('gw1', 'draining'));
    expect(found).toEqual({ path: 'host_vars/gw1.yml', text: 'gateway_state: draining # as always\nx: 1\n' });
  });

  test('overrides what a group says, for its host alone', () => {
    const before = 'gateways:\n  vars: {gateway_state: standby}\n  hosts:\n    gw1:\n    gw2:\n';
    expect(edit(before, state('gw1', 'active'))).toBe(
      before.replace('gw1:', 'gw1: { gateway_state: active }'),
    );
  });

  test.each([
    ['a range', 'gateways:\n  hosts:\n    gw[1:3]: {}\n', 'line 3 brings it'],
    ['a shared anchor', 'gateways:\n  hosts:\n    gw1: &a {b: c}\n    gw2: {<<: *a}\n', 'what others say'],
    ['an alias', 'gateways:\n  hosts:\n    gw0: &a {b: c}\n    gw1: *a\n', 'line 4 brings it'],
  ])('does not come to %s, and the line to write is told', (_, before, why) => {
    expect(() => edit(before, state('gw1', 'draining'))).toThrow(why);
    expect(() => edit(before, state('gw1', 'draining'))).toThrow('`gw1: { gateway_state: draining }`');
  });

  test('keeps the line ends of the file', () => {
    const windows = written.replaceAll('\n', '\r\n');
    expect(edit(windows, state('gw2', 'standby'))).toBe(
      edit(written, state('gw2', 'standby')).replaceAll('\n', '\r\n'),
    );
  });
});

describe('a gateway', () => {
  const line =
    'gw3: { ansible_host: 10.0.0.3, snat_pool: 203.0.113.30-203.0.113.35, gateway_state: standby }';

  test('comes as a line below the others', () => {
    expect(edit(written, third)).toBe(written.replace('# six\n', `# six\n        ${line}\n`));
  });

  test.each([
    ['gateways:\n  hosts: {gw1: {}}\n', `gateways:\n  hosts: {gw1: {}, ${line}}\n`],
    ['gateways:\n  hosts:\n', `gateways:\n  hosts: { ${line} }\n`],
    ['gateways:\n  vars: {}\n', `gateways:\n  vars: {}\n  hosts: { ${line} }\n`],
    ['gateways:\nweb: {}', `gateways: { hosts: { ${line} } }\nweb: {}`],
    ['gateways:\n  hosts:\n    gw1:', `gateways:\n  hosts:\n    gw1:\n    ${line}\n`],
    [
      'gateways:\n  hosts: {\n    gw1: {}, # a\n    gw2: {} # b\n  }\n',
      `gateways:\n  hosts: {\n    gw1: {}, # a\n    gw2: {},\n    ${line} # b\n  }\n`,
    ],
  ])('comes to %j', (before, after) => {
    expect(edit(before, third)).toBe(after);
  });

  test('does not come to a file without the group', () => {
    expect(() => edit('all:\n  hosts:\n    gw1:\n', third)).toThrow("'gateways' has no place for a host");
  });

  test('goes with its lines, and the others stay', () => {
    const without = written.replace(/ {8}gw2:[\s\S]*# six\n/, '');
    expect(edit(written, { kind: 'remove', host: 'gw2' })).toBe(without);
    expect(edit(without, { kind: 'remove', host: 'gw1' })).toBe(without.replace(/ {8}gw1.*\n/, ''));
  });

  test.each([
    ['gateways: {hosts: {gw1: {}, gw2: {a: b}}}\n', 'gateways: {hosts: {gw1: {}}}\n'],
    ['gateways: {hosts: {gw2: {a: b}, gw1: {}}}\n', 'gateways: {hosts: {gw1: {}}}\n'],
    ['gateways: {hosts: { gw2: {a: b} }}\nx: {}\n', 'gateways: {hosts: {}}\nx: {}\n'],
    ['{"gateways": {"hosts": {"gw1": {},\n "gw2": {}}}}', '{"gateways": {"hosts": {"gw1": {}}}}'],
  ])('goes from %j', (before, after) => {
    expect(edit(before, { kind: 'remove', host: 'gw2' })).toBe(after);
  });
});

describe('whatever the file looks like', () => {
  const comment = fc.constantFrom('', '  # why', ' # gw9: {x: y}', '   # "quoted\'');
  const gap = fc.constantFrom('', '\n', '        # between\n', '\n\n# at the edge\n');
  const host = fc.record({
    style: fc.constantFrom('nothing', 'empty', 'flow', 'wide', 'block', 'deep', 'named', 'scalar'),
    comment,
    gap,
  });
  const layout = fc.record({
    hosts: fc.array(host, { minLength: 1, maxLength: 5 }),
    last: fc.constantFrom('\n', '', '\n\n# end\n'),
    head: fc.constantFrom('', '---\n', '# first\n---\n# second\n'),
  });

  function hostText(
    name: string,
    { style, comment: said, gap: before }: { style: string; comment: string; gap: string },
  ): string {
    const own: Readonly<Record<string, string>> = {
      nothing: `:${said}`,
      empty: `: {}${said}`,
      flow: `: { a: "x, y", b: [1, 2] }${said}`,
      wide: `: {${said}\n          a: 1,${said}\n          b: 2${said}\n        }`,
      block: `:${said}\n          a: 1${said}\n          b: two words${said}`,
      deep: `:\n          a: 1\n          b:${said}\n            c: [1]\n            d:\n              - e${said}`,
      named: `:\n          gateway_state: "active"${said}\n          a: 1`,
      scalar: `:\n          a: |\n            text # of\n            lines\n          b: >-\n            folded\n            text`,
    };
    return `${before}        ${name}${own[style] ?? ''}\n`;
  }

  const texts = layout.map(({ hosts, last, head }) => {
    const lines = hosts.map((one, index) => hostText(`gw${index + 1}`, one)).join('');
    const rest = '    webservers:\n      hosts:\n        web[01:03]:';
    return `${head}all:\n  children:\n    gateways:\n      hosts:\n${lines}${rest}${last}`;
  });

  /** The pieces of `after` that are not in `before`, if all of `before` but one piece is in it. */
  function difference(before: string, after: string): { gone: string; came: string } {
    let from = 0;
    while (from < Math.min(before.length, after.length) && before[from] === after[from]) from += 1;
    let to = 0;
    const most = Math.min(before.length, after.length) - from;
    while (to < most && before.at(-1 - to) === after.at(-1 - to)) to += 1;
    return { gone: before.slice(from, before.length - to), came: after.slice(from, after.length - to) };
  }

  function stateOf(text: string, name: string): unknown {
    const { inventory, diagnostics } = readInventory(memoryFiles({ [file]: text }), file);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    return inventory?.hosts.get(name)?.variables.get('gateway_state');
  }

  test('a state is set, and every other byte stays', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const after = edit(text, state('gw1', 'draining'));
        expect(stateOf(after, 'gw1')).toBe('draining');
        const { gone } = difference(text, after);
        expect(['', '"active"', '"active', 'active"', 'active', 'a']).toContain(
          gone.replace(/"activ$/, '"active'),
        );
        expect(edit(after, state('gw1', 'draining'))).toBe(after);
      }),
      { numRuns: 500 },
    );
  });

  test('a gateway comes and goes, and the file is as before', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const with3 = edit(text, { ...third, host: 'gw33' });
        expect(stateOf(with3, 'gw33')).toBe('standby');
        expect(difference(text, with3).gone).toBe('');
        expect(edit(with3, { kind: 'remove', host: 'gw33' })).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
