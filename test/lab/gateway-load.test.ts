/**
 * A gateway joins, another is drained and removed, all under the same live connections: none breaks, no new one fails,
 * and each new one leaves by the gateway that its webserver has at that moment. Then nothing is left on the webservers.
 * Full figures: GWFLEET_DRAIN_HELD=2000 GWFLEET_DRAIN_NEW=300 GWFLEET_DRAIN_ROUNDS=3.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { type Fleet, fleet } from './fleet.ts';
import { gwfleet, start } from './process.ts';
import { type Fresh, freshTraffic, type Held, holdTraffic, type Running, serveTraffic } from './traffic.ts';

const { GWFLEET_DRAIN_HELD = '300', GWFLEET_DRAIN_NEW = '60', GWFLEET_DRAIN_ROUNDS = '1' } = process.env;
const webs = ['web01', 'web02', 'web03'] as const;
const each = { held: Math.ceil(Number(GWFLEET_DRAIN_HELD) / 3), fresh: Number(GWFLEET_DRAIN_NEW) / 3 };
const rounds = [
  { joins: 'gw3', leaves: 'gw1' },
  { joins: 'gw1', leaves: 'gw2' },
  { joins: 'gw2', leaves: 'gw3' },
].slice(0, Number(GWFLEET_DRAIN_ROUNDS));

let lab: Fleet;
beforeAll(async () => {
  lab = await fleet({ gateways: 3, webservers: webs.length });
  const text = readFileSync(lab.inventory, 'utf8');
  const probes = '    probes: [{ tcp: "198.51.100.7:443" }]\n  children:\n';
  writeFileSync(lab.inventory, text.replace('  children:\n', probes).replace(/ *gw3: .*\n/, ''));
  await serveTraffic(lab);
  expect(await run('apply', lab.inventory)).toMatch(/^0\n/);
});

it.each(rounds)('$joins joins, $leaves is drained and removed', async ({ joins, leaves }) => {
  const traffic = await begun();
  const number = joins.slice(2);
  const asNew = ['--address', `10.0.0.${number}`, '--pool', `203.0.113.${number}0-203.0.113.${number}5`];
  expect(await run('gateway', 'add', lab.inventory, joins, ...asNew, '--deadline', '1s')).toMatch(/^0\n/);
  const left = await run('gateway', 'drain', lab.inventory, leaves, '--deadline', '1s');
  expect(left).toMatch(new RegExp(`^2\n[\\s\\S]*${leaves} stays draining`));
  const remove = start(lab, ['gateway', 'remove', lab.inventory, leaves, '--yes', '--deadline', '10m']);
  await remove.until(new RegExp(`\\d+ connections on ${leaves}`));
  await delay(2000);
  const { old, young } = await traffic.end();
  tell(`${joins} joined, ${leaves} left`, old, young);
  expect(old.map(({ held, broken }) => [held, broken])).toEqual(webs.map(() => [each.held, 0]));
  expect(young.some(({ ways }) => ways.length > 1)).toBe(true);
  for (const { report, ways } of young) {
    expect(report.failed, report.failures.join()).toBe(0);
    expect(strays(report, ways)).toEqual([]);
  }
  const { code, stderr } = await remove.ended;
  expect(`${code}\n${stderr}`).toMatch(/^0\n/);
  expect(readFileSync(lab.inventory, 'utf8')).not.toContain(`${leaves}:`);
  for (const web of webs) expect(await lab.run(web, traces), web).toBe('');
});

it('the hard switch breaks every one of them', async () => {
  const traffic = await begun();
  const playbook = join(lab.folder, 'hard.yaml');
  const text = (via: string) =>
    `- hosts: webservers\n  tasks: [{ name: Route, default_route: { via: ${via}, drain: false } }]\n`;
  const others = ['gw1', 'gw2', 'gw3'].filter((name) =>
    readFileSync(lab.inventory, 'utf8').includes(`${name}: `),
  );
  for (const name of others) {
    writeFileSync(playbook, text(`10.0.0.${name.slice(2)}`));
    expect(await run('apply', lab.inventory, '-p', playbook)).toMatch(/^0\n/);
  }
  await delay(2000);
  const { old, young } = await traffic.end();
  tell('hard switch', old, young);
  expect(old.map(({ broken }) => broken)).toEqual(webs.map(() => each.held));
});

type Ways = readonly (readonly [at: number, via: string])[];

interface Young {
  readonly report: Fresh;
  /** When the default route was first seen to lead to which gateway. */
  readonly ways: Ways;
}

interface Traffic {
  end(): Promise<{ old: readonly Held[]; young: readonly Young[] }>;
}

/** Held and new connections on all webservers, and somebody who looks at their default routes; the new ones end first. */
async function begun(): Promise<Traffic> {
  const held: Running<Held>[] = await Promise.all(
    webs.map((web) => holdTraffic(lab, web, { count: each.held })),
  );
  const looks = webs.map((web) => lab.run(web, watching));
  const fresh = await Promise.all(webs.map((web) => freshTraffic(lab, web, each.fresh)));
  return {
    end: async () => {
      const reports = await Promise.all(fresh.map((one) => one.end()));
      await Promise.all(webs.map((web) => lab.run(web, 'touch /tmp/seen')));
      const ways = (await Promise.all(looks)).map(waysIn);
      const young = reports.map((report, index) => ({ report, ways: ways[index] ?? [] }));
      return { young, old: await Promise.all(held.map((one) => one.end())) };
    },
  };
}

/** One line for each change of the default route. */
const watching = `rm -f /tmp/seen; last=
until [ -e /tmp/seen ]; do
way=$(ip -4 route show default | sed 's/.*via \\([0-9.]*\\).*/\\1/')
[ "$way" = "$last" ] || echo "$(date +%s.%N) $way"
last=$way; sleep 0.05
done`;

function waysIn(text: string): Ways {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => [Number(line.split(' ')[0]), `gw${line.trim().slice(-1)}`] as const);
}

/** New connections that left by another gateway than the route said. The cut comes a moment before the route. */
function strays({ log }: Fresh, ways: Ways): readonly string[] {
  return log.flatMap(([at, seen]) => {
    const index = ways.findLastIndex(([since]) => since <= at);
    const [, via] = ways[index] ?? [];
    const [until = Number.POSITIVE_INFINITY] = ways[index + 1] ?? [];
    const by = `gw${seen.split('.')[3]?.slice(0, 1) ?? ''}`;
    return via === undefined || by === via || at > until - 2 ? [] : [`${at}: ${by}, not ${via}`];
  });
}

/** The figures, for whoever reads the log. */
function tell(what: string, old: readonly Held[], young: readonly Young[]): void {
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);
  const held = `${sum(old.map(({ broken }) => broken))} of ${sum(old.map((one) => one.held))} held connections broken`;
  const failed = sum(young.map(({ report }) => report.failed));
  const fresh = `${failed} of ${sum(young.map(({ report }) => report.opened))} new ones failed`;
  process.stderr.write(`${what}: ${held}, ${fresh}\n`);
}

/** Its exit code, then all that it said. */
async function run(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await gwfleet(lab, [...args, '--yes']);
  return `${code}\n${stderr}${stdout}`;
}

/** What a drain may leave on a webserver. */
const traces = `ip rule | grep -e '^7[0-9][0-9][0-9]:'; ip route show table all | grep -e ' table 7'; iptables-save; nft list ruleset; conntrack -L 2>/dev/null | grep -v ' mark=0 '; cat /run/gwfleet/drain 2>/dev/null; :`;
