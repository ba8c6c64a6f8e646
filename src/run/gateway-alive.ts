/**
 * Whether a gateway still carries anybody, asked by several webservers at once: one whose probes all answer through
 * it says yes. What a reader gets wrong: a webserver that reaches nothing says nothing about the gateway unless
 * others agree, so nobody decides alone where there are more.
 */
import { readThrough, type ThroughAnswer, throughScript } from '../tasks/through.ts';
import type { RunContext } from './context.ts';
import type { Canary } from './gateway-proof.ts';
import { lookAt } from './look.ts';

export type Life =
  | { readonly kind: 'alive'; readonly by: string }
  | { readonly kind: 'dead'; readonly by: readonly string[] }
  /** Nobody could look, and why. */
  | { readonly kind: 'unknown'; readonly why: string };

export async function gatewayLife(
  via: string,
  witnesses: readonly Canary[],
  context: RunContext,
): Promise<Life> {
  const answers = await Promise.all(witnesses.map((witness) => answerOf(via, witness, context)));
  const seen = answers.flatMap((answer) => ('why' in answer ? [] : [answer]));
  const alive = seen.find(({ through }) => through.answers.every(({ result }) => result === 'ok'));
  if (alive !== undefined) return { kind: 'alive', by: alive.name };
  if (seen.length > 0) return { kind: 'dead', by: seen.map(({ name }) => name) };
  const [first] = answers.flatMap((answer) => ('why' in answer ? [answer.why] : []));
  return { kind: 'unknown', why: first ?? 'no webserver has probes' };
}

async function answerOf(
  via: string,
  { name, probes }: Canary,
  context: RunContext,
): Promise<{ readonly name: string; readonly through: ThroughAnswer } | { readonly why: string }> {
  // Long enough for the kernel to ask a second time, which is the second miss.
  const order = { via, probes, timeoutSeconds: 2, retries: 0 };
  const looked = await lookAt(
    name,
    {
      script: (mark) => throughScript(mark, [order]),
      read: (mark, stdout) => readThrough(mark, [order], stdout),
    },
    context,
  );
  if ('why' in looked) return looked;
  const [through] = looked.seen;
  if (through === undefined) throw new Error('one order has one answer');
  return through.problem === undefined ? { name, through } : { why: `${name}: ${through.problem}` };
}
