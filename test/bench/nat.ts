/**
 * `npm run bench:nat`: what a pool carries to one destination with each spread, beside the recipe of 2007 in the same
 * run. Whole handshakes through real netfilter, each one's fate known (test/lab/nat/packets.py), open ones counted on
 * the gateway. Prints Markdown; what is going on goes to standard error.
 *
 * The one thing it touches outside of its own namespaces is net.netfilter.nf_conntrack_max, which only the root
 * namespace can set: raised while it runs where it is too low for the pool, and put back.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { RulesetArgs } from '../../src/tasks/ruleset.ts';
import { type Filled, PacketGateway } from '../lab/nat/packets.ts';

interface Way {
  readonly name: string;
  readonly rules: Partial<RulesetArgs>;
  /** How often a refused connection is tried again. Only with random ports a later try is another one. */
  readonly rounds: number;
}

const seed: Way = { name: 'seed: the 2007 recipe', rules: { style: 'seed', spread: 'range' }, rounds: 2 };
const ways: readonly Way[] = [
  seed,
  { name: 'range', rules: { spread: 'range' }, rounds: 2 },
  { name: 'client', rules: { spread: 'client' }, rounds: 2 },
  { name: 'hash', rules: { spread: 'hash' }, rounds: 2 },
  { name: 'connection', rules: { spread: 'connection' }, rounds: 40 },
];

const maxFile = '/proc/sys/net/netfilter/nf_conntrack_max';
const portsPerAddress = 64_512;
/** Where a webserver is alone it may use all of its ports; of many each has the kernel's usual ones. */
const allPorts = [1024, 65_535] as const;
const usualPorts = [32_768, 60_999] as const;

const { values } = parseArgs({
  options: {
    addresses: { type: 'string', default: '1-8' },
    webservers: { type: 'string', default: '1,20' },
    spread: { type: 'string', default: 'all' },
  },
});
const sizes = numbers(values.addresses, 8);
const crowds = numbers(values.webservers, 23);
const asked = ways.filter(
  (way) => values.spread === 'all' || way === seed || values.spread.split(',').includes(way.name),
);
if (asked.length < 2 && values.spread !== 'seed') usage(`no spread is called '${values.spread}'`);

const putBack = raiseTable(Math.max(...sizes) * portsPerAddress + 4096);
try {
  for (const webservers of crowds) for (const addresses of sizes) await table(addresses, webservers);
} finally {
  putBack();
}

async function table(addresses: number, webservers: number): Promise<void> {
  const rows: string[] = [];
  let recipe: Filled | undefined;
  for (const way of asked) {
    const filled = await measure(way, addresses, webservers);
    if (way === seed) recipe = filled;
    rows.push(row(way, filled, recipe));
  }
  const servers = webservers === 1 ? 'one webserver' : `${webservers} webservers`;
  const pool = addresses === 1 ? 'one address' : `${addresses} addresses`;
  const head =
    '| spread | fit | addresses used | first refusal | refused at 80 % | 90 % | 95 % | 99 % | cost at 30 % | 80 % | 95 % | 99 % | fit : recipe |';
  process.stdout.write(
    `\n${pool} (${(addresses * portsPerAddress).toLocaleString('en')} ports), ${servers}, one destination, TCP; ${cpus().length} cores\n\n${head}\n${'|---'.repeat(13)}|\n${rows.join('\n')}\n`,
  );
}

async function measure(way: Way, addresses: number, webservers: number): Promise<Filled> {
  const begun = Date.now();
  using gateway = new PacketGateway('nft', addresses);
  gateway.rules(addresses, way.rules);
  const ports = webservers === 1 ? allPorts : usualPorts;
  const filled = await gateway.fill({ addresses, webservers, ports, rounds: way.rounds });
  process.stderr.write(
    `${way.name}, ${addresses} addresses, ${webservers} webservers: ${filled.established} established, ${filled.tried} tried, ${Math.round((Date.now() - begun) / 1000)} s\n`,
  );
  return filled;
}

function row({ name }: Way, filled: Filled, recipe: Filled | undefined): string {
  const { established, firstRefusal, used } = filled;
  const percents = [80, 90, 95, 99].map((percent) => share(filled, percent));
  const costs = [30, 80, 95, 99].map((percent) => cost(filled, percent));
  const first = firstRefusal === null ? 'none' : `${(100 * firstRefusal).toFixed(1)} %`;
  const ratio = recipe === undefined ? '-' : (established / recipe.established).toFixed(2);
  const cells = [
    name,
    established.toLocaleString('en'),
    Object.keys(used).length,
    first,
    ...percents,
    ...costs,
    ratio,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Sums of half a percent of the pool to both sides: tries, refusals, microseconds. */
function around({ refused }: Filled, percent: number): readonly [number, number, number] {
  const near = refused.filter(([mille]) => Math.abs(mille + 0.5 - 10 * percent) < 5);
  const sum = (of: (one: Filled['refused'][number]) => number): number =>
    near.reduce((total, one) => total + of(one), 0);
  return [sum(([, tries]) => tries), sum(([, , lost]) => lost), sum(([, tries, , each]) => tries * each)];
}

function share(filled: Filled, percent: number): string {
  const [tries, lost] = around(filled, percent);
  return tries === 0 ? '-' : `${((100 * lost) / tries).toFixed(1)} %`;
}

function cost(filled: Filled, percent: number): string {
  const [tries, , spent] = around(filled, percent);
  return tries === 0 ? '-' : `${(spent / tries).toFixed(0)} us`;
}

/** Raises the table of the whole machine if it must; gives the way back, which also runs on Ctrl-C. */
function raiseTable(needed: number): () => void {
  const before = readFileSync(maxFile, 'utf8').trim();
  if (Number(before) >= needed) return () => undefined;
  const back = (): void => {
    writeFileSync(maxFile, before);
    process.stderr.write(`nf_conntrack_max is ${before} again\n`);
  };
  writeFileSync(maxFile, String(needed));
  process.stderr.write(`nf_conntrack_max ${before} -> ${needed} while this runs\n`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      back();
      process.exit(99);
    });
  return back;
}

/** `6`, `1,20`, `2-8`. */
function numbers(text: string, most: number): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [first = NaN, last = first] = part.split('-').map(Number);
    if (!(first >= 1 && last >= first && last <= most)) usage(`'${text}' is not within 1 to ${most}`);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function usage(why: string): never {
  process.stderr.write(
    `${why}\nnpm run bench:nat -- [--addresses 6 | 2-8] [--webservers 1,20] [--spread connection,hash,client,range]\n`,
  );
  process.exit(5);
}
