/**
 * The manual page of a task type, in Markdown, printed from what the type itself says. There is no second text to
 * keep true: an argument without a description fails the contract test.
 */
import { stringify } from 'yaml';
import type { AnyTaskType } from './registry.ts';

/** What of a JSON schema a manual page shows. */
interface Shape {
  readonly type?: string;
  readonly const?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The whole page, ending with a newline. */
export function manualPage(type: AnyTaskType): string {
  const parts = [
    `# ${type.name}\n\n${type.summary}.`,
    type.doc.trim(),
    `## Arguments\n\n${argumentLines(type.schema, 0).join('\n')}`,
    `## Examples\n\n${type.examples.map(({ title, args }) => `${title}:\n\n${fenced({ [type.name]: args })}`).join('\n\n')}`,
    `## In a plan\n\n${consequences(type).join('\n')}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** All pages as one Markdown file. */
export function manualBook(types: Iterable<AnyTaskType>): string {
  const all = [...types];
  const contents = all.map(({ name, summary }) => `- [${name}](#${name}): ${summary}`).join('\n');
  const pages = all.map((type) => manualPage(type).replaceAll(/^(#+) /gm, '#$1 '));
  return `# Task types\n\n${contents}\n\n${pages.join('\n')}`;
}

/** One line a task type, for the list of all. */
export function manualIndex(types: Iterable<AnyTaskType>): string {
  const all = [...types];
  const width = Math.max(0, ...all.map(({ name }) => name.length));
  return all.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`).join('');
}

function argumentLines(shape: Shape, depth: number): readonly string[] {
  const entries = Object.entries(shape.properties ?? {});
  const open = Object.values(shape.patternProperties ?? {}).map((item) => ['NAME', item] as const);
  return [...entries, ...open].flatMap(([name, item]) => {
    const required = shape.required?.includes(name) === true ? ', required' : '';
    const line = `${'  '.repeat(depth)}- \`${name}\` (${kindOf(item)}${required}): ${item.description ?? ''}`;
    const nested = [item, item.items, ...(item.anyOf ?? [])].filter((inner) => inner !== undefined);
    return [line, ...nested.flatMap((inner) => argumentLines(inner, depth + 1))];
  });
}

function kindOf(shape: Shape): string {
  if (shape.const !== undefined) return `\`${shape.const}\``;
  if (shape.anyOf !== undefined) return [...new Set(shape.anyOf.map(kindOf))].join(' or ');
  if (shape.type === 'array') return shape.items === undefined ? 'list' : `list of ${kindOf(shape.items)}`;
  if (shape.type === 'object') return 'mapping';
  if (shape.type === 'boolean') return 'true or false';
  if (shape.type !== 'integer' && shape.type !== 'number') return shape.type ?? 'anything';
  const { minimum, maximum } = shape;
  if (minimum !== undefined && maximum !== undefined) return `number ${minimum} to ${maximum}`;
  return minimum === undefined ? 'number' : `number from ${minimum}`;
}

function fenced(task: Readonly<Record<string, unknown>>): string {
  return `\`\`\`yaml\n- ${stringify(task, { lineWidth: 100 }).trimEnd().replaceAll('\n', '\n  ')}\n\`\`\``;
}

function consequences({ touches, undo, verifyOnly }: AnyTaskType): readonly string[] {
  const break_ = {
    reachability:
      'A change can cut the way in: it is guarded, and rolled back by the host if we cannot return.',
    service: 'A change can disturb what the host serves, not the way in.',
    nothing: 'It changes nothing that others depend on.',
  }[touches];
  if (verifyOnly === true)
    return ['- It changes nothing: it is asked before and after, and must hold after.'];
  const back = undo === 'turned' ? 'It can be undone.' : `It cannot be undone: ${undo.impossible}.`;
  return [`- ${break_}`, `- ${back}`];
}
