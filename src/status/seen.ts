/** What a gateway said to the questions of `script.ts`, as numbers. Garbage is left out, never guessed. */
import type { Output } from '../shell/frames.ts';

export const counterNames = ['insert_failed', 'drop', 'early_drop', 'invalid'] as const;
export type CounterName = (typeof counterNames)[number];
export type Counters = Readonly<Record<CounterName, number>>;

export interface FillSeen {
  readonly address: string;
  readonly protocol: string;
  readonly destination: string;
  readonly port: number;
  readonly entries: number;
  /** Of them closed (TIME_WAIT, CLOSE). */
  readonly closed: number;
}

export interface AddressSeen {
  readonly address: string;
  readonly entries: number;
  readonly closed: number;
}

export interface ClientSeen {
  readonly address: string;
  readonly entries: number;
  readonly live: number;
}

export interface GatewaySeen {
  readonly table: { readonly entries: number; readonly max: number } | null;
  readonly counters: Counters | null;
  /** Packets that the leak guard dropped; null where there is none. */
  readonly leaked: number | null;
  /** Null: the host has neither /proc/net/nf_conntrack nor conntrack. */
  readonly pass: { readonly entries: number; readonly hidden: number; readonly unnatted: number } | null;
  readonly addresses: readonly AddressSeen[];
  readonly fills: readonly FillSeen[];
  readonly clients: readonly ClientSeen[];
  readonly cpuSeconds: number | null;
}

export function readGateway({ stdout }: Output): GatewaySeen {
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const all = (word: string, count: number): readonly (readonly string[])[] =>
    lines.filter(([first, ...rest]) => first === word && rest.length >= count).map((line) => line.slice(1));
  const one = (word: string, count: number): readonly string[] | undefined => all(word, count)[0];
  const [table, leaked, pass] = [one('table', 2), one('leaked', 1), one('pass', 3)];
  return {
    table: table === undefined ? null : { entries: number(table[0]), max: number(table[1]) },
    counters: countersIn(all('stat', 1)) ?? countersOfTool(all('cpu', 1)),
    leaked: leaked === undefined ? null : number(leaked[0]),
    pass:
      pass === undefined
        ? null
        : { entries: number(pass[0]), hidden: number(pass[2]), unnatted: number(one('unnatted', 1)?.[0]) },
    addresses: all('address', 3).map(([address = '', entries, closed]) => ({
      address,
      entries: number(entries),
      closed: number(closed),
    })),
    fills: all('fill', 6).map(([address = '', protocol = '', destination = '', port, entries, closed]) => ({
      ...{ address, protocol, destination, port: number(port) },
      ...{ entries: number(entries), closed: number(closed) },
    })),
    clients: all('client', 3).map(([address = '', entries, live]) => ({
      address,
      entries: number(entries),
      live: number(live),
    })),
    cpuSeconds: cpuSeconds(lines),
  };
}

/** /proc/net/stat/nf_conntrack: a line of names, then one of hexadecimal numbers for each CPU. */
function countersIn([names, ...cpus]: readonly (readonly string[])[]): Counters | undefined {
  if (names === undefined) return undefined;
  return summed((name) => cpus.map((cpu) => Number.parseInt(cpu[names.indexOf(name)] ?? '', 16)));
}

/** `conntrack -S`: `cpu=0 found=0 invalid=12 ...`. */
function countersOfTool(cpus: readonly (readonly string[])[]): Counters | null {
  if (cpus.length === 0) return null;
  const value = (cpu: readonly string[], name: string): number =>
    Number(cpu.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1));
  return summed((name) => cpus.map((cpu) => value(cpu, name)));
}

function summed(values: (name: CounterName) => readonly number[]): Counters {
  const sum = (name: CounterName): number =>
    values(name).reduce((total, one) => total + (Number.isFinite(one) ? one : 0), 0);
  return Object.fromEntries(counterNames.map((name) => [name, sum(name)])) as Record<CounterName, number>;
}

/** `times`: two lines of `0m0.52s 0m0.57s`, the shell's own and its children's. */
function cpuSeconds(lines: readonly (readonly string[])[]): number | null {
  const times = lines.filter(
    (words) => words.length === 2 && words.every((word) => /^\d+m[\d.]+s$/.test(word)),
  );
  if (times.length < 2) return null;
  const seconds = (word: string): number => {
    const [minutes, rest] = word.slice(0, -1).split('m').map(Number);
    return (minutes ?? 0) * 60 + (rest ?? 0);
  };
  return times
    .slice(-2)
    .flat()
    .reduce((sum, word) => sum + seconds(word), 0);
}

function number(text: string | undefined): number {
  return /^\d{1,15}$/.test(text ?? '') ? Number(text) : 0;
}
