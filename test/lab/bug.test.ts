/**
 * A bug of ours, planted in the running program: exit 1, words for a report without what is secret, a terminal that is
 * as it was, and hosts that nobody forgets.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { terminal, watched } from './terminal.ts';

/** The first breaks while a plan is turned into JSON, the second on a timer, when a host has just been armed. */
const planted = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const stringify = JSON.stringify;
JSON.stringify = (value, ...more) => {
  if (value?.command === 'plan') throw new TypeError('planted near CANARY-known\\npassword: CANARY-named');
  return stringify(value, ...more);
};
const append = fs.appendFileSync;
fs.appendFileSync = (file, text, ...more) => {
  append(file, text, ...more);
  if (String(text).includes('"guard-armed"')) setTimeout(() => { throw new TypeError('planted on a timer'); }, 0);
};
syncBuiltinESMExports();
`;

const slow = `
- hosts: gw1
  confirm_timeout: 6s
  tasks:
    - { name: Words, file: { path: /etc/motd, content: "new\\n", mode: "0644" } }
    - { name: Ports, sysctl: { net.ipv4.ip_local_port_range: 1024 65000 } }
    - { name: Alias, aliases: { interface: eth1, addresses: 203.0.113.10-203.0.113.11 } }
`;

describe('a bug in gwfleet', () => {
  let lab: Fleet;
  const file = (name: string): string => join(lab.folder, name);
  const env = () => ({ NODE_OPTIONS: `--import=${file('planted.mjs')}`, XDG_STATE_HOME: file('state') });
  beforeAll(async () => {
    lab = await fleet({ gateways: 1, webservers: 0 });
    writeFileSync(file('planted.mjs'), planted);
    writeFileSync(file('slow.yaml'), slow);
  });

  it('ends with 1, says what to report, and shows no secret; --json has one object all the same', async () => {
    const args = ['plan', lab.inventory, '-p', file('slow.yaml'), '--json', '-e', 'api_token=CANARY-known'];
    const { code, stdout, stderr } = await lab.gwfleet(args, { env: env() });
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).not.toContain('CANARY');
    expect(stderr).toMatch(
      /a bug in gwfleet, no mistake of yours; please report these lines\nTypeError: planted near \(hidden\)/,
    );
    expect(stderr).toMatch(/gwfleet \d\S* plan, Node v\d\S*, linux /);
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      exit: 1,
      error: expect.stringContaining('TypeError') as string,
    });
  });

  it('in the middle of a run gives the terminal back and says which guard holds; the next command asks the host', async () => {
    await using term = await terminal({ columns: 110, rows: 40, env: env() });
    await term.line(
      watched(`node bin/gwfleet.js apply ${lab.inventory} -p ${file('slow.yaml')} --yes`, term),
    );
    const { code, before, after, cursor } = await term.ended();
    const all = (await term.all()).join('\n');
    expect(code, all).toBe(1);
    expect([after, cursor]).toEqual([before, '1']);
    expect(all).toMatch(/gw1: its guard holds; it rolls back by itself at \d\d:\d\d:\d\d UTC, not before/);
    expect(all).toMatch(/a bug in gwfleet[\s\S]*TypeError: planted on a timer[\s\S]*gwfleet runs tells/);
    const { NODE_OPTIONS: _, ...sane } = env();
    const again = await lab.gwfleet(['apply', lab.inventory, '-p', file('slow.yaml'), '--yes'], {
      env: sane,
    });
    expect(`${again.code} ${again.stderr}`).toMatch(/^0 [\s\S]*in flight: gw1\n[\s\S]*rolled back, verified/);
    expect(await lab.run('gw1', 'ls /run/gwfleet/lock /run/gwfleet/*/armed 2>/dev/null || :')).toBe('');
  });
});
