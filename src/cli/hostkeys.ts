/**
 * `hostkeys scan` and `check`: the keys of a fleet, seen through its jump hosts. Nobody is logged in to but jump
 * hosts. A changed or revoked key is never written over: the command to type is told.
 */
import type { HostKeyMiss, HostKeySight, Scouting } from '../remote/host-key-scout.ts';
import type { Target } from '../remote/remote.ts';
import { type HostKeyRow, hostKeyLines } from '../render/host-keys.ts';
import { visibleLine } from '../render/visible.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { Flags } from './flags.ts';
import { readGround } from './ground.ts';
import { isTrusted, learnedText } from './host-key-question.ts';
import { hostKeyRows } from './host-key-row.ts';
import { onceInterrupted } from './interrupt.ts';
import { enterLab } from './lab-entry.ts';
import type { Output } from './output.ts';
import { hasTerminal } from './question.ts';
import { tellDiagnostics } from './told.ts';
import { openScout } from './way-in.ts';

type HostKeyFlags = Pick<Flags, 'yes' | 'json'> & Flags;

export async function check(path: string, given: object, output: Output): Promise<number> {
  return look('check', { path, flags: given as HostKeyFlags, output });
}

export async function scan(path: string, given: object, output: Output): Promise<number> {
  return look('scan', { path, flags: given as HostKeyFlags, output });
}

interface Order {
  readonly path: string;
  readonly flags: HostKeyFlags;
  readonly output: Output;
}

async function look(verb: 'scan' | 'check', order: Order): Promise<number> {
  const { path, flags, output } = order;
  const ground = readGround(path, flags, undefined);
  const entered = await enterLab(ground.inventory);
  if (entered !== undefined) return entered;
  if (ground.warnings.length > 0) tellDiagnostics(ground.warnings, output);
  const hosts = [...ground.inventory.hosts.keys()].filter((host) => ground.isWanted(host));
  return settle(verb, ground.targetsOf(hosts), order);
}

async function settle(
  verb: 'scan' | 'check',
  targets: ReadonlyMap<string, Target>,
  { flags, output }: Order,
): Promise<number> {
  const connector = openScout(output);
  const interrupt = onceInterrupted();
  try {
    const depth = verb === 'scan' ? 'all-keys' : 'as-login';
    const scouting = await connector.scoutHostKeys(targets.values(), depth, interrupt.signal);
    interrupt.check();
    const rows = hostKeyRows(scouting.sights);
    if (flags.json !== true) output.result(tableText(rows, scouting.misses));
    const unknown = scouting.sights.filter((_, index) => rows[index]?.state === 'unknown');
    const answer =
      verb === 'scan' ? await answerFor(unknown, { flags, output, stop: interrupt.signal }) : 'no';
    interrupt.check();
    if (answer === 'yes') output.tell(learnedText(await connector.trustHostKeys(unknown)));
    const exit = exitFor({ verb, rows, scouting, answer });
    if (flags.json === true)
      output.result(`${JSON.stringify(told({ verb, exit, rows, scouting, answer }))}\n`);
    return exit;
  } finally {
    interrupt.forget();
    await connector.close();
  }
}

type Answer = 'yes' | 'no' | 'nobody-asked' | 'nothing-to-write';

async function answerFor(
  unknown: readonly HostKeySight[],
  { flags, output, stop }: { flags: HostKeyFlags; output: Output; stop: AbortSignal },
): Promise<Answer> {
  if (unknown.length === 0) return 'nothing-to-write';
  if (flags.yes === true) return 'yes';
  if (hasTerminal()) return (await isTrusted(unknown, stop)) ? 'yes' : 'no';
  output.tell(
    `nothing was written: there is no terminal to ask on\n  compare the fingerprints, then say so: gwfleet hostkeys scan INVENTORY --yes\n`,
  );
  return 'nobody-asked';
}

interface Looked {
  readonly verb: 'scan' | 'check';
  readonly rows: readonly HostKeyRow[];
  readonly scouting: Scouting;
  readonly answer: Answer;
}

function exitFor({ verb, rows, scouting, answer }: Looked): number {
  const has = (state: HostKeyRow['state']) => rows.some((row) => row.state === state);
  if (has('changed') || has('revoked') || (verb === 'check' && has('unknown'))) return exitCodes.failed;
  if (verb === 'scan' && (answer === 'no' || answer === 'nobody-asked')) return exitCodes.usage;
  return scouting.misses.length > 0 ? exitCodes.unreachable : exitCodes.asWanted;
}

function told({ verb, exit, rows, scouting, answer }: Looked & { readonly exit: number }): object {
  const written = answer === 'yes' ? rows.filter(({ state }) => state === 'unknown').length : 0;
  const unseen = scouting.misses.map(({ hosts, failure: { message, hint } }) => ({ hosts, message, hint }));
  return { v: 1, command: `hostkeys ${verb}`, exit, written, keys: rows, unseen };
}

function tableText(rows: readonly HostKeyRow[], misses: readonly HostKeyMiss[]): string {
  const lines = hostKeyLines(rows).flatMap((line, index) => {
    const row = rows[index];
    return [`${mark(row)} ${line}`, ...(row?.hint === undefined ? [] : [`    ${visibleLine(row.hint)}`])];
  });
  for (const { hosts, failure } of misses) {
    lines.push(`x ${hosts.join(' ')}  not seen: ${visibleLine(failure.message)}`);
    if (failure.hint !== undefined) lines.push(`    ${failure.hint}`);
  }
  const counts = states.map((state) => [rows.filter((row) => row.state === state).length, state] as const);
  const said = counts.filter(([count]) => count > 0).map(([count, state]) => `${count} ${state}`);
  if (misses.length > 0) said.push(`${misses.length} not seen`);
  return `${[...lines, `host keys: ${said.join(', ') || 'none'}`].join('\n')}\n`;
}

const states = ['known', 'further', 'unknown', 'changed', 'revoked'] as const;

function mark(row: HostKeyRow | undefined): string {
  const marks = { known: '=', further: '=', unknown: '?', changed: '!', revoked: '!' };
  return `${marks[row?.state ?? 'unknown']} ${(row?.state ?? '').padEnd(7)}`;
}
