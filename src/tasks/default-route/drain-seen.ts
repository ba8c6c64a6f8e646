/**
 * What the drain probe printed, as a value. A drain counts as such only when all of its parts stand and agree; the
 * spelling of single rules is iptables' own affair and not compared.
 */
import {
  type Drain,
  type DrainRemains,
  drainInterfaces,
  type Generation,
  lastTable,
  oldMark,
  oldTable,
  specialPreference,
} from './drain.ts';
import { readRoute, routeText } from './state.ts';

/** What the host says about a drain that has not begun yet. */
export type Readiness = Readonly<{
  lastGeneration: number;
  /** Masks of packet marks that others use. */
  foreignMasks: readonly number[];
  /** Preferences of others' rules that our rules would come before, or that stand where ours would. */
  foreignRules: readonly number[];
  /** Interfaces on which the kernel drops answers that come from where no route leads. */
  strict: readonly string[];
  /** `works`, `untried`, or what iptables said. */
  trial: string;
}>;

export function readDrain(stdout: string): Drain | DrainRemains | null {
  const lines = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith('drain ') ? [line.slice('drain '.length).trim()] : []))
    .filter(isOurs);
  if (lines.length === 0) return null;
  const after = (lead: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${lead} `)).map((line) => line.slice(lead.length + 1));
  return wholeDrain(after) ?? { remains: lines };
}

export function readReadiness(stdout: string): Readiness | null {
  const all = (word: string): readonly (readonly string[])[] =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith(`~ ${word} `))
      .map((line) => line.slice(word.length + 3).split(' '));
  const trial = all('trial')[0]?.join(' ').trim();
  if (trial === undefined) return null;
  const rules = all('rule').filter(([preference = '']) => !isOurPreference(Number(preference)));
  const filters = new Map(all('rp_filter').map(([name = '', value]) => [name, Number(value)]));
  const strict = (name: string): boolean => Math.max(filters.get('all') ?? 0, filters.get(name) ?? 0) === 1;
  return {
    lastGeneration: Number(all('generation')[0]?.[0] ?? 0) || 0,
    foreignMasks: [
      ...rules.flatMap(([, mark = '-']) => (mark === '-' ? [] : [maskOf(mark)])),
      ...all('mark').map(([word, mark = '']) =>
        maskOf(word === '--nfmask' || word === '--ctmask' ? `/${mark}` : mark),
      ),
    ],
    foreignRules: rules
      .map(([preference]) => Number(preference))
      .filter((preference) => preference >= specialPreference && preference < 32_766),
    strict: [...filters.keys()].filter((name) => name !== 'all' && strict(name)),
    trial,
  };
}

type Lines = (lead: string) => readonly string[];

function wholeDrain(after: Lines): Drain | undefined {
  const [policy] = after('file').map((text) => /^(\d+) (leave|cut) (\d+)$/.exec(text));
  const tables = new Map(after('table').map(readTable));
  const marks = after('rule').flatMap(readRule);
  const chain = after('chain');
  const shift = marks.find(({ value }) => value === oldMark)?.shift;
  const old = tables.get(oldTable);
  const generations = chain.flatMap((rule): readonly Generation[] => {
    const number = generationOf(rule, shift ?? 16);
    const route = tables.get(oldTable + (number ?? 0));
    return number === undefined || route === undefined ? [] : [{ number, route }];
  });
  if (policy == null || shift === undefined || old === undefined || generations.length === 0)
    return undefined;
  const drain: Drain = {
    deadlineSeconds: Number(policy[1]),
    atDeadline: policy[2] === 'cut' ? 'cut' : 'leave',
    began: Number(policy[3]),
    old,
    generations,
    shift,
  };
  return agrees(drain, { after, marks, chain, tables }) ? drain : undefined;
}

interface Parts {
  readonly after: Lines;
  readonly marks: readonly Mark[];
  readonly chain: readonly string[];
  readonly tables: ReadonlyMap<number, string>;
}

/** Six rules, one for each interface, one for each generation; a table and a rule for each mark; two jumps. */
function agrees(drain: Drain, { after, marks, chain, tables }: Parts): boolean {
  const values = [oldMark, ...drain.generations.map(({ number }) => number)];
  const last = drain.generations.at(-1)?.number;
  const young = chain.flatMap((rule) => {
    const text = /-j CONNMARK --set-x?mark (0x[0-9a-f]+)/.exec(rule)?.[1];
    return text === undefined ? [] : [Number(text) / 2 ** drain.shift];
  });
  return (
    after('jump').toSorted().join(' ') === 'OUTPUT PREROUTING' &&
    after('rule').includes(`${specialPreference} from all lookup main suppress_prefixlength 0`) &&
    marks.length === values.length &&
    values.every((value) => marks.some((mark) => mark.value === value && mark.shift === drain.shift)) &&
    tables.size === values.length &&
    young.length === 3 &&
    young.every((value) => value === last) &&
    chain.length === 6 + drainInterfaces(drain).length + drain.generations.length
  );
}

interface Mark {
  readonly value: number;
  readonly shift: number;
}

/** `7702 from all fwmark 0x10000/0xff0000 lookup 7702` */
function readRule(text: string): readonly Mark[] {
  const [, preference, mark, mask, table] =
    /^(\d+) from all fwmark (0x[0-9a-f]+)\/(0x[0-9a-f]+) lookup (\d+)$/.exec(text) ?? [];
  if (preference === undefined || preference !== table) return [];
  const shift = Math.round(Math.log2(Number(mask) / 0xff));
  const value = Number(mark) / 2 ** shift;
  const named = Number(table) - oldTable;
  return value === (named === 0 ? oldMark : named) ? [{ value, shift }] : [];
}

function readTable(text: string): readonly [number, string] {
  const [, number = '', route = ''] = /^(\d+) (.*)$/.exec(text) ?? [];
  const parts = readRoute(route);
  return [Number(number), parts === undefined ? route : routeText(parts)];
}

function generationOf(rule: string, shift: number): number | undefined {
  const text = /-m connmark --mark (0x[0-9a-f]+)\/0x[0-9a-f]+ -j MARK /.exec(rule)?.[1];
  return text === undefined ? undefined : Number(text) / 2 ** shift;
}

function isOurs(line: string): boolean {
  const number = /^(?:rule|table) (\d+) /.exec(line)?.[1];
  return number === undefined || isOurPreference(Number(number));
}

function isOurPreference(number: number): boolean {
  return number >= specialPreference && number <= lastTable;
}

/** `0x80000/0xff0000` touches its mask; without a mask all bits. */
function maskOf(mark: string): number {
  const mask = Number(mark.split('/')[1] ?? 0xffffffff);
  return Number.isFinite(mask) ? mask : 0xffffffff;
}
