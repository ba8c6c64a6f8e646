/**
 * A JSON Schema (from TypeBox) checked against a SourceNode: ajv's errors become diagnostics at the node they speak
 * of, an unknown property at its key, a missing one at its parent. Of `anyOf` only the branch that came furthest
 * speaks: the others would name things the user never meant.
 */
import type { AnySchemaObject, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { Diagnostic, Place } from './diagnostic.ts';
import { didYouMean } from './did-you-mean.ts';
import { compiledSchema } from './schema-compiler.ts';
import { isMapping, kindOf, shownValue, type Value } from './value.ts';
import { nodeAt, type SourceNode } from './yaml-document.ts';

/** Compiles once; answers all mistakes of a node. */
export type SchemaCheck = (node: SourceNode) => readonly Diagnostic[];

export function schemaCheck(schema: AnySchemaObject): SchemaCheck {
  const validate = compiledSchema(schema);
  return (node) => problemsOf(validate, node);
}

function problemsOf(validate: ValidateFunction, node: SourceNode): readonly Diagnostic[] {
  if (validate(node.value)) return [];
  return collapsed(validate.errors ?? []).map((error) => diagnosticOf(error, node));
}

/** Without the errors of branches that were not taken: of an anyOf's branches the errors of the deepest remain. */
function collapsed(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  const outer = unions.find((union) => !unions.some((other) => other !== union && isUnder(union, other)));
  if (outer === undefined) return errors.filter(({ keyword }) => keyword !== 'if');
  const inside = errors.filter((error) => error !== outer && isUnder(error, outer));
  const outside = errors.filter((error) => error !== outer && !inside.includes(error));
  return [...branchOf(outer, inside), ...collapsed(outside)];
}

/** A referenced branch (`$ref`) has a schema path of its own; its errors still lie at or below the union's value. */
function isUnder(error: ErrorObject, union: ErrorObject): boolean {
  return (
    error.schemaPath.startsWith(`${union.schemaPath}/`) && error.instancePath.startsWith(union.instancePath)
  );
}

function branchOf(union: ErrorObject, inside: readonly ErrorObject[]): readonly ErrorObject[] {
  const branches = new Map<string, ErrorObject[]>();
  for (const error of inside) {
    const branch = error.schemaPath.slice(union.schemaPath.length + 1).split('/')[0] ?? '';
    branches.set(branch, [...(branches.get(branch) ?? []), error]);
  }
  const candidates = [...branches.values()].filter(
    (errors) => !errors.some((error) => isOwnType(error, union)),
  );
  const [only] = candidates;
  if (only === undefined) return [union];
  if (
    candidates.length > 1 &&
    candidates.every((errors) => errors.every(({ keyword }) => keyword === 'const'))
  )
    return [union];
  return collapsed(candidates.reduce((best, errors) => (depth(errors) > depth(best) ? errors : best), only));
}

/** The branch is for another kind of value altogether. */
function isOwnType(error: ErrorObject, union: ErrorObject): boolean {
  return error.keyword === 'type' && error.instancePath === union.instancePath;
}

function depth(errors: readonly ErrorObject[]): number {
  return Math.max(...errors.map(({ instancePath }) => instancePath.split('/').length));
}

function diagnosticOf(error: ErrorObject, root: SourceNode): Diagnostic {
  const path = pointerPath(error.instancePath);
  const found = nodeAt(root, path) ?? { node: root, keyPlace: root.place };
  const name = path.length === 0 ? 'this' : nameOf(path, root);
  const text = worded(error, found.node, name);
  const at = error.keyword === 'additionalProperties' ? keyPlace(found.node, error) : found.node.place;
  return {
    severity: 'error',
    message: text.message,
    place: at,
    ...hintOf(text.hint),
    ...relatedOf(root, path),
  };
}

/** `'snat_pool'`, or `item 2 of 'snat_pool'`. */
function nameOf(path: readonly string[], root: SourceNode): string {
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1);
  if (nodeAt(root, parent)?.node.items === undefined) return `'${last}'`;
  return `item ${Number(last) + 1}${parent.length === 0 ? '' : ` of ${nameOf(parent, root)}`}`;
}

function hintOf(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

/** `here, via an alias`: for what was written elsewhere and brought by `*v` or `<<`. */
function relatedOf(root: SourceNode, path: readonly string[]): Pick<Diagnostic, 'related'> {
  const steps = path.map((_, index) => nodeAt(root, path.slice(0, index + 1))?.node.via);
  const via = [root.via, ...steps].findLast((place) => place !== undefined);
  return via === undefined ? {} : { related: [{ message: 'used here, through an alias', place: via }] };
}

function keyPlace(node: SourceNode, error: ErrorObject): Place {
  const key = String((error.params as { additionalProperty?: unknown }).additionalProperty);
  return node.entries?.find((entry) => entry.key === key)?.keyPlace ?? node.place;
}

interface Wording {
  readonly message: string;
  readonly hint?: string | undefined;
}

function worded(error: ErrorObject, node: SourceNode, name: string): Wording {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      return { message: `unknown key '${key}'`, hint: keyHint(key, propertiesOf(error)) };
    }
    case 'required':
      return {
        message: `'${String(params['missingProperty'])}' is missing${name === 'this' ? '' : ` in ${name}`}`,
      };
    case 'type':
      return typeWording(params['type'], node, name);
    case 'const':
      return choiceWording([params['allowedValue'] as Value], node, name);
    case 'enum':
      return choiceWording(params['allowedValues'] as readonly Value[], node, name);
    case 'anyOf':
    case 'oneOf':
      return unionWording(error, node, name);
    default:
      return { message: `${name} ${error.message ?? 'is not valid'}`, hint: descriptionOf(error) };
  }
}

function keyHint(key: string, known: readonly string[]): string | undefined {
  return didYouMean(key, known) ?? (known.length === 0 ? undefined : `known keys: ${known.join(', ')}`);
}

function propertiesOf(error: ErrorObject): readonly string[] {
  return Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
}

function descriptionOf(error: ErrorObject): string | undefined {
  const description: unknown = error.parentSchema?.['description'];
  return typeof description === 'string' ? description : undefined;
}

const kinds: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'nothing',
};

function typeWording(types: unknown, node: SourceNode, name: string): Wording {
  const wanted = [types].flat().map(String);
  const names = wanted.map((type) => kinds[type] ?? type).join(' or ');
  return {
    message: `${name} must be ${names}, and this is ${kindOf(node.value)}`,
    hint: quoteHint(wanted, node),
  };
}

/** `quote it: "1.10"`, when text was wanted and YAML made a number, a boolean or nothing of it. */
function quoteHint(wanted: readonly string[], node: SourceNode): string | undefined {
  const scalar = typeof node.value === 'number' || typeof node.value === 'boolean';
  return wanted.includes('string') && scalar && node.plain !== undefined
    ? `quote it: "${node.plain}"`
    : undefined;
}

function choiceWording(choices: readonly Value[], node: SourceNode, name: string): Wording {
  const shown = choices.map((choice) => shownValue(choice)).join(', ');
  const message = `${name} must be ${choices.length === 1 ? '' : 'one of '}${shown}`;
  const texts = choices.filter((choice) => typeof choice === 'string');
  return {
    message,
    hint: typeof node.value === 'string' ? didYouMean(node.value, texts) : quoteHint(['string'], node),
  };
}

function unionWording(error: ErrorObject, node: SourceNode, name: string): Wording {
  const branches = (error.schema as readonly Value[]).filter((branch) => isMapping(branch));
  if (branches.every((branch) => 'const' in branch)) {
    return choiceWording(
      branches.map((branch) => branch['const'] ?? null),
      node,
      name,
    );
  }
  const types = branches.map(({ type, const: constant }) => shownValue(type ?? typeof constant));
  return typeWording([...new Set(types)], node, name);
}

/** A JSON pointer as keys (RFC 6901: `~1` is a slash, `~0` a tilde). */
function pointerPath(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
