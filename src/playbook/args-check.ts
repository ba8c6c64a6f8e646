/**
 * Arguments against their task type: the schema first, and only when it is content what the schema cannot say. The
 * compiled check is kept with its type, compiling costs milliseconds.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { type SchemaCheck, schemaCheck } from '../source/schema-check.ts';
import { nodeAt, type SourceNode } from '../source/yaml-document.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import type { ArgsProblem, Json } from '../tasks/task-type.ts';

const checks = new WeakMap<AnyTaskType, SchemaCheck>();

export interface CheckedArgs {
  /** What the task type gets when there are no diagnostics. */
  readonly args: Json;
  readonly diagnostics: readonly Diagnostic[];
}

export function checkedArgs(type: AnyTaskType, node: SourceNode): CheckedArgs {
  const check = checks.get(type) ?? schemaCheck(type.schema);
  checks.set(type, check);
  const shape = check(node);
  const args: Json = node.value;
  if (shape.length > 0) return { args, diagnostics: shape };
  return { args, diagnostics: type.problems(args).map((problem) => diagnosticOf(problem, node)) };
}

/** Top-level keys that the type does not have, whatever the templates beside them will be. */
export function unknownKeys(type: AnyTaskType, node: SourceNode): readonly Diagnostic[] {
  const { properties, additionalProperties } = type.schema as {
    properties?: Readonly<Record<string, unknown>>;
    additionalProperties?: unknown;
  };
  if (properties === undefined || additionalProperties !== false) return [];
  const known = Object.keys(properties);
  return (node.entries ?? [])
    .filter(({ key }) => !known.includes(key))
    .map(({ key, keyPlace }) => ({
      severity: 'error',
      message: `unknown key '${key}'`,
      place: keyPlace,
      hint: didYouMean(key, known) ?? `known keys: ${known.join(', ')}`,
    }));
}

function diagnosticOf({ path, message, hint }: ArgsProblem, root: SourceNode): Diagnostic {
  const node = deepest(root, path);
  const related = node.via === undefined ? [] : [{ message: 'used here, through an alias', place: node.via }];
  const extra = { ...(hint === undefined ? {} : { hint }), ...(related.length === 0 ? {} : { related }) };
  return { severity: 'error', message, place: node.place, ...extra };
}

/** The node at the path, or as far towards it as the tree goes. */
function deepest(root: SourceNode, path: ArgsProblem['path']): SourceNode {
  for (let length = path.length; length > 0; length -= 1) {
    const found = nodeAt(root, path.slice(0, length));
    if (found !== undefined) return found.node;
  }
  return root;
}
