/**
 * The manual of the ruleset. It shows every rule that is loaded for a pool of three, made by the same functions as on a
 * host, each with its reason: jumps, policy and leak guard too, and the rules of style `seed`.
 */
import { guardRule, guardWhy } from './leak-guard.ts';
import {
  type ExplainedChain,
  explainedHooks,
  forwardPolicyWhy,
  hardenedChains,
  type Intent,
  type Spread,
  seedChains,
} from './rules.ts';

/** The gateway of the manual: its own address is outside of the pool. */
export const manualIntent: Omit<Intent, 'spread'> = {
  internal: 'eth0',
  external: 'eth1',
  network: '10.0.0.0/8',
  pool: ['203.0.113.11', '203.0.113.12', '203.0.113.13'],
  closed: ['203.0.113.11', '203.0.113.12', '203.0.113.13'],
  sticky: [{ to: '198.51.100.0/24' }, { port: 25, protocol: 'tcp' }],
};

export function rulesetManual(): string {
  return `${words}
${tables().join('\n\n')}
`;
}

function tables(): readonly string[] {
  const spreads: readonly Spread[] = ['connection', 'hash', 'client', 'range'];
  const hashed = hardenedChains({ ...manualIntent, spread: 'hash' });
  const { external, internal, network } = manualIntent;
  const guard = guardRule({ style: 'hardened', external, internal, network, single: '' });
  return [
    ...spreads.map((spread) =>
      table(
        `spread: ${spread}`,
        hardenedChains({ ...manualIntent, spread })
          .filter(({ table: where }) => spread === 'connection' || where !== 'filter')
          .flatMap(rows),
      ),
    ),
    table('jumps, policy and leak guard', [
      ...explainedHooks(hashed).map(({ chain, rule, why }) => row(chain, rule, why)),
      row('FORWARD', 'policy DROP', forwardPolicyWhy),
      row('gwfleet_leak_guard', guard, guardWhy),
    ]),
    table('style: seed', [
      ...seedChains({ ...manualIntent, spread: 'range' }).flatMap(rows),
      row('FORWARD', 'policy DROP', forwardPolicyWhy),
    ]),
  ];
}

function table(title: string, lines: readonly string[]): string {
  return `### ${title}\n\n| chain | rule | reason |\n|---|---|---|\n${lines.join('\n')}`;
}

function rows({ name, rules }: ExplainedChain): readonly string[] {
  return rules.map(({ text, why }) => row(name, text, why));
}

function row(chain: string, text: string, why: string): string {
  return `| ${chain} | \`${text}\` | ${why} |`;
}

const words = `Style \`hardened\` keeps its rules in chains of its own (\`GWFLEET-*\`), with one jump as the first rule of
POSTROUTING, FORWARD and INPUT (and PREROUTING of mangle with \`spread: hash\`), and sets the policy of FORWARD to DROP.
Chains and rules of others stay byte for byte. What the other style or another spread has left is taken away; the
rules of the recipe of 2007 are known by their text. Where eth0 or eth1 also carries containers, their forwarding ends
at the last two rules of GWFLEET-FORWARD.

Style \`seed\` is the recipe of 2007, rule for rule, and holds the tables filter and nat as a whole: rules of others
in them go, and the plan says so.

The primary address of the external interface, the address by which gwfleet came in and those in \`management\` keep
their services when they are in the pool; the other pool addresses only carry answers, and so does an alias (\`eth1:0\`) that
has left the pool and drains, to its end.

Where nft exists and the public side has no private address, style \`hardened\` also sets a leak guard behind NAT
(\`nft list table ip gwfleet_leak_guard\`): what leaves with a private source is dropped, and its counter is the alarm.

All tables are loaded at once, in the backend (nft or legacy) that has rules; a host where both have is refused.
After a repair, entries of conntrack that had begun without a translation are cleared where conntrack is installed, with
one command for each source, since each walks the whole table; after 20 seconds the rest goes on in the background.
Over a restart they are loaded before the network is up and before forwarding is on: by netfilter-persistent where that
is enabled, else by a unit of gwfleet's own. Where they cannot be loaded, forwarding stays off.
`;
