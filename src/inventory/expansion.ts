/**
 * `{{ other_variable }}` in variables of the inventory that gwfleet itself reads (`ansible_host: "{{ lan_ip }}"` is
 * common). Only plain names; everything else in braces is a problem, since guessing at Jinja would be worse.
 */
import type { Value, Variables } from './model.ts';

export type Expansion = { readonly value: Value } | { readonly problem: string };

/** A variable may lead to another this often; more is a circle. */
const depthLimit = 10;

export function isTemplated(value: Value): boolean {
  if (typeof value === 'string') return value.includes('{{') || value.includes('{%');
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((inner) => isTemplated(inner));
}

/** The value with all names replaced. A text that is one template alone keeps the type of its variable. */
export function expanded(value: Value, variables: Variables, depth = 0): Expansion {
  if (!isTemplated(value)) return { value };
  if (depth > depthLimit) return { problem: 'the templates refer to each other in a circle' };
  if (typeof value === 'string') return expandedText(value, variables, depth);
  const parts = Object.entries(value ?? {}).map(
    ([key, inner]) => [key, expanded(inner as Value, variables, depth)] as const,
  );
  const result: [string, Value][] = [];
  for (const [key, part] of parts) {
    if ('problem' in part) return part;
    result.push([key, part.value]);
  }
  return { value: Array.isArray(value) ? result.map(([, inner]) => inner) : Object.fromEntries(result) };
}

const wholeName = /^\{\{\s*([A-Za-z_]\w*)\s*\}\}$/;
const names = /\{\{\s*([A-Za-z_]\w*)\s*\}\}/g;

function expandedText(text: string, variables: Variables, depth: number): Expansion {
  const whole = wholeName.exec(text)?.[1];
  if (whole !== undefined) return named(whole, variables, depth);
  let problem: string | undefined;
  const result = text.replace(names, (_, name: string) => {
    const part = named(name, variables, depth);
    if ('problem' in part) problem ??= part.problem;
    else if (typeof part.value === 'object') problem ??= `'${name}' is neither text nor a number`;
    else return String(part.value);
    return '';
  });
  if (problem !== undefined) return { problem };
  if (isTemplated(result)) return { problem: 'in an inventory gwfleet follows {{ name }} and nothing else' };
  return { value: result };
}

function named(name: string, variables: Variables, depth: number): Expansion {
  const value = variables.get(name);
  return value === undefined
    ? { problem: `the variable '${name}' is not defined` }
    : expanded(value, variables, depth + 1);
}
