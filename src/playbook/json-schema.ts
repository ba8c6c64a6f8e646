/**
 * The JSON Schema of a playbook, for editors: play keywords, task keywords and the arguments of every task type, from
 * the same definitions that the checks use. Wherever a value may stand, a template may stand too.
 */
import type { AnyTaskType } from '../tasks/registry.ts';
import { playKeywords, taskKeywords, taskLists } from './keyword.ts';
import type { TaskTypes } from './task-reading.ts';

type Schema = Readonly<Record<string, unknown>>;

export function playbookSchema(types: TaskTypes): Schema {
  const list = { type: 'array', items: { $ref: '#/$defs/task' } };
  const play = {
    type: 'object',
    properties: {
      ...plain(playKeywords),
      tasks: { ...list, description: taskLists.tasks },
      gate: { ...list, description: taskLists.gate },
    },
    required: ['hosts', 'tasks'],
    additionalProperties: false,
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'gwfleet playbook',
    type: 'array',
    minItems: 1,
    items: { $ref: '#/$defs/play' },
    $defs: { play, task: taskSchema(types) },
  };
}

function taskSchema(types: TaskTypes): Schema {
  const actions = Object.fromEntries([...types.values()].map((type) => [type.name, argsSchema(type)]));
  return {
    type: 'object',
    properties: { ...plain(taskKeywords), ...actions },
    additionalProperties: false,
    oneOf: [...types.keys()].map((name) => ({ properties: { [name]: {} }, required: [name] })),
  };
}

function argsSchema(type: AnyTaskType): Schema {
  const schema = templated(plain(type.schema), 'top');
  return { description: type.summary, ...schema };
}

const template = { type: 'string', pattern: '\\{\\{' };
const nested = ['properties', 'patternProperties'];

/** Every schema inside takes a template as well; the arguments themselves (`top`) do not. */
function templated(schema: Schema, where: 'top' | 'inside'): Schema {
  const deep = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, within(key, value)]));
  if (where === 'top') return deep;
  const { description, ...rest } = deep;
  const open = Object.keys(rest).length === 0 || takesAnyText(rest);
  if (open) return deep;
  return { ...(description === undefined ? {} : { description }), anyOf: [rest, template] };
}

function within(key: string, value: unknown): unknown {
  if (nested.includes(key)) {
    const entries = Object.entries(value as Readonly<Record<string, Schema>>);
    return Object.fromEntries(entries.map(([name, inner]) => [name, templated(inner, 'inside')]));
  }
  if (key === 'items' && typeof value === 'object') return templated(value as Schema, 'inside');
  if (key === 'anyOf' || key === 'oneOf' || key === 'allOf')
    return (value as readonly Schema[]).map((inner) => templated(inner, 'top'));
  if (key === 'additionalProperties' && typeof value === 'object')
    return templated(value as Schema, 'inside');
  return value;
}

function takesAnyText({ type, ...rest }: Schema & { readonly type?: unknown }): boolean {
  return type === 'string' && !['pattern', 'enum', 'const', 'format'].some((limit) => limit in rest);
}

/** TypeBox's own symbols are lost on the way through JSON. */
function plain(schema: object): Schema {
  return JSON.parse(JSON.stringify(schema)) as Schema;
}
