/** The argument `drain`, as every task type spells it that lets connections end before it takes something away. */
import { type Static, Type } from '@sinclair/typebox';
import { closedObject } from './network-args.ts';

/** The words are what the parts mean for one type. */
export function drainArgument(words: {
  readonly deadline: string;
  readonly left: string;
  readonly off: string;
}) {
  const drain = closedObject({
    deadline: Type.String({ description: words.deadline, pattern: '^[1-9]\\d{0,5}(s|m|h)$' }),
    // biome-ignore lint/suspicious/noThenProperty: it is the users' word, and nobody awaits a schema
    then: Type.Union([Type.Literal('leave'), Type.Literal('cut')], { description: words.left }),
  });
  return Type.Union([Type.Literal(false), drain], { description: words.off });
}

export type Drain = Static<ReturnType<typeof drainArgument>>;

/** `10m` in seconds; the schema has let nothing else in. */
export function deadlineSeconds(deadline: string): number {
  const unit = { s: 1, m: 60, h: 3600 }[deadline.slice(-1)] ?? 1;
  return Number(deadline.slice(0, -1)) * unit;
}
