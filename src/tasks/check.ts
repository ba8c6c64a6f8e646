/**
 * A look from the host at something else: a port, a page, an address. Not a change: it must hold after the play. POSIX
 * sh has no sockets, so the first program of a list that the host has does the looking; none is "unknown".
 */
import { type Static, Type } from '@sinclair/typebox';
import { parseAddress } from '../address/ipv4.ts';
import type { Output } from '../shell/frames.ts';
import { nothing } from '../shell/sh.ts';
import { checkProbe } from './check-probe.ts';
import type { ArgsProblem, Change, Observation, TaskType } from './task-type.ts';

const schema = Type.Object(
  {
    tcp: Type.Optional(
      Type.String({ description: 'An address and port that must accept: "198.51.100.7:443"' }),
    ),
    http: Type.Optional(Type.String({ description: 'A URL (http or https) that must answer' })),
    status: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 599,
        description: 'The status it must answer with; 200 if not given',
      }),
    ),
    contains: Type.Optional(
      Type.String({ minLength: 1, description: 'Text that must stand in the page (in its last MiB)' }),
    ),
    ping: Type.Optional(Type.String({ description: 'An address that must answer an echo request' })),
    timeout_seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 60, description: 'For one attempt; 3 if not given' }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description: 'More attempts after the first, a second apart; 1 if not given',
      }),
    ),
  },
  { additionalProperties: false },
);

export type CheckArgs = Static<typeof schema>;

/** `why` only where the result is not ok. */
type CheckState = Readonly<{ name: string; result: string; why?: string }>;

const doc = `Looks from the host at another one: \`tcp\` opens a connection, \`http\` fetches a page, \`ping\` sends an echo
request. One of the three.

A check changes nothing. It is asked in the plan, where it may still fail, and again after the play, over a new
connection: then it must hold, or the host has failed and its changes are rolled back.

Nothing is installed for it. \`tcp\` uses the first of bash, nc, python3, perl that the host has; \`http\` curl, python3,
GNU wget, nc (plain http without a user, no redirections); \`ping\` ping. A host with none of them makes the check
unknown, which is neither yes nor no. A URL may hold a token: no program is given it as an argument.`;

export const check: TaskType<CheckArgs, CheckState> = {
  name: 'check',
  summary: 'Something that must answer when it is asked from the host',
  doc,
  examples: [
    { title: 'A port on the internet', args: { tcp: '198.51.100.7:443' } },
    {
      title: 'A page with a text in it',
      args: {
        http: 'http://198.51.100.7/health?full=1',
        status: 200,
        contains: 'it is "ok"',
        timeout_seconds: 5,
      },
    },
    { title: 'The next hop, with patience', args: { ping: '10.0.0.1', retries: 5 } },
  ],
  schema,
  problems,
  object: (args) => `check ${nameOf(args)}`,
  probe: checkProbe,
  read,
  desired: (args) => ({ kind: 'state', state: { name: nameOf(args), result: 'ok' } }),
  changes,
  apply: () => nothing,
  boot: () => [],
  undo: 'turned',
  touches: 'nothing',
  verifyOnly: true,
  namesTell: true,
};

function problems(args: CheckArgs): readonly ArgsProblem[] {
  const kinds = (['tcp', 'http', 'ping'] as const).filter((kind) => args[kind] !== undefined);
  if (kinds.length !== 1) return [{ path: [], message: 'a check has exactly one of tcp, http and ping' }];
  const found: ArgsProblem[] = [];
  if (args.tcp !== undefined && !isEndpoint(args.tcp)) {
    const hint = 'write it like "198.51.100.7:443"';
    found.push({ path: ['tcp'], message: `'${args.tcp}' is not an address with a port`, hint });
  }
  if (args.ping !== undefined && !isHost(args.ping))
    found.push({ path: ['ping'], message: `'${args.ping}' is not an address or a name` });
  if (args.http !== undefined && !isUrl(args.http))
    found.push({
      path: ['http'],
      message: `'${args.http}' is not a URL that begins with http:// or https://`,
    });
  for (const only of ['status', 'contains'] as const)
    if (args[only] !== undefined && args.http === undefined)
      found.push({ path: [only], message: `${only} belongs to http` });
  if (args.contains?.includes('\0') === true)
    found.push({ path: ['contains'], message: 'contains has a NUL byte in it' });
  return found;
}

function isEndpoint(text: string): boolean {
  const [, host = '', port] = /^([^:]*):(\d{1,5})$/.exec(text) ?? [];
  return isHost(host) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** A name, or strictly an address where it looks like one. */
function isHost(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return parseAddress(text) !== undefined;
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text);
}

function isUrl(text: string): boolean {
  return /^https?:\/\/[^\s/?#\x00-\x1f\x7f]+[^\s\x00-\x1f\x7f]*$/.test(text);
}

function nameOf({ tcp, http, ping }: CheckArgs): string {
  if (tcp !== undefined) return `tcp ${tcp}`;
  return http === undefined ? `ping ${ping ?? ''}` : `http ${http}`;
}

function read(output: Output, args: CheckArgs): Observation<CheckState> {
  const name = nameOf(args);
  if (/^ok\n?$/.test(output.stdout)) return { kind: 'present', state: { name, result: 'ok' } };
  const [, failure] = /^failed: ([^\n]+)\n?$/.exec(output.stdout) ?? [];
  if (failure !== undefined)
    return { kind: 'present', state: { name, result: 'failed', why: `${name}: ${failure}` } };
  const [, why] = /^unknown: ([^\n]+)\n?$/.exec(output.stdout) ?? [];
  return {
    kind: 'unknown',
    why: why ?? `the check did not run: ${output.stderr.trim() || 'it said nothing'}`,
  };
}

function changes(from: CheckState | null, to: CheckState | null): readonly Change[] {
  if (to === null || from?.result === to.result) return [];
  return [{ action: 'run', kind: 'check', name: to.name, from: from?.why ?? 'not asked', to: to.result }];
}
