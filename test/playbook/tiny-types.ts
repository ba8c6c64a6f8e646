/**
 * Small task types for tests of playbooks: arguments like those of the real ones, nothing behind them.
 */
import { type TSchema, Type } from '@sinclair/typebox';
import { parseAddress } from '../../src/address/ipv4.ts';
import { nothing } from '../../src/shell/sh.ts';
import type { AnyTaskType } from '../../src/tasks/registry.ts';
import type { ArgsProblem } from '../../src/tasks/task-type.ts';

const closed = { additionalProperties: false };

function tiny(
  name: string,
  schema: TSchema,
  problems?: (args: unknown) => readonly ArgsProblem[],
): AnyTaskType {
  return {
    name,
    summary: `The tiny ${name}`,
    doc: 'Nothing.',
    examples: [],
    schema,
    problems: problems ?? (() => []),
    object: () => name,
    probe: () => nothing,
    read: () => ({ kind: 'absent' }),
    desired: () => ({ kind: 'state', state: null }),
    changes: () => [],
    apply: () => nothing,
    boot: () => [],
    undo: 'turned',
    touches: 'nothing',
  };
}

const pool = Type.Union([Type.String(), Type.Array(Type.String())]);

const aliases = tiny(
  'aliases',
  Type.Object({ interface: Type.String(), addresses: pool }, closed),
  (args) => {
    const { addresses } = args as { addresses: string | readonly string[] };
    const list = typeof addresses === 'string' ? [addresses] : addresses;
    return list.flatMap((text, index) =>
      parseAddress(text.split('-')[0] ?? '') === undefined
        ? [{ path: ['addresses', index], message: `'${text}' is not an address` }]
        : [],
    );
  },
);
const side = Type.Optional(Type.String());
const conntrack = tiny('conntrack', Type.Object({ pool, internal: side, external: side }, closed));
const rules = ['internal', 'external', 'network', 'spread', 'style'];
const ruleset = tiny(
  'ruleset',
  Type.Object(
    {
      ...{ pool, sticky: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Integer()]))) },
      ...Object.fromEntries(rules.map((name) => [name, Type.String()])),
    },
    closed,
  ),
);
const sysctl = tiny(
  'sysctl',
  Type.Record(Type.String(), Type.Union([Type.Integer(), Type.String()]), { minProperties: 1 }),
);
const atDeadline = Type.Union([Type.Literal('leave'), Type.Literal('cut')]);
const drain = Type.Object(
  Object.fromEntries([
    ['deadline', Type.String()],
    ['then', atDeadline],
  ]),
  closed,
);
const route = tiny(
  'default_route',
  Type.Object({ via: Type.String(), drain: Type.Optional(Type.Union([Type.Literal(false), drain])) }, closed),
);
const check: AnyTaskType = {
  ...tiny('check', Type.Object({ tcp: Type.String() }, closed)),
  verifyOnly: true,
};

export const tinyTypes: ReadonlyMap<string, AnyTaskType> = new Map(
  [aliases, conntrack, ruleset, sysctl, route, check].map((type) => [type.name, type]),
);
