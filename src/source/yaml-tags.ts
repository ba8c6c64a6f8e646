/**
 * Explicit tags. YAML's own scalars and collections are read; Ansible's `!vault` and `!unsafe` and everything else are
 * refused: a tag that is skipped silently changes what a value is.
 */
import { readPlainScalar, type ScalarReading } from './yaml-scalars.ts';

const core = 'tag:yaml.org,2002:';
const collections: readonly string[] = [`${core}map`, `${core}seq`];
const scalars: readonly string[] = ['str', 'int', 'float', 'bool', 'null', 'timestamp'].map(
  (name) => core + name,
);

/** What is wrong with the tag of a node, if anything. */
export function tagProblem(
  tag: string | undefined,
  kind: 'scalar' | 'collection',
): { message: string; hint: string } | undefined {
  if (tag === undefined || tag === '!') return undefined;
  if ((kind === 'scalar' ? scalars : collections).includes(tag)) return undefined;
  const shown = tag.startsWith(core) ? `!!${tag.slice(core.length)}` : tag;
  if (shown === '!vault' || shown === '!vault-encrypted') {
    return {
      message: 'values encrypted with ansible-vault are not read',
      hint: 'use a key and ssh-agent, -K for the sudo password, or -e @FILE with a file decrypted for the run',
    };
  }
  if (shown === '!unsafe') {
    return {
      message: "'!unsafe' is not read",
      hint: 'leave it out; text without {{ }} is never a template here',
    };
  }
  return {
    message: `the YAML tag '${shown}' is not known`,
    hint: 'quote the value if it begins with an exclamation mark',
  };
}

/** A scalar with an explicit tag: `!!str 5` is text, `!!int "5"` a number. */
export function taggedScalar(tag: string, text: string): ScalarReading {
  if (tag === `${core}str` || tag === `${core}timestamp` || !scalars.includes(tag)) return { value: text };
  const reading = readPlainScalar(text);
  if ('problem' in reading || tag === `${core}null`) return tag === `${core}null` ? { value: null } : reading;
  if (tag === `${core}float` && typeof reading.value === 'string' && text !== '') {
    const value = Number(text);
    return Number.isFinite(value) ? { value } : wrong(tag, text);
  }
  const wanted = tag === `${core}bool` ? 'boolean' : 'number';
  return typeof reading.value === wanted ? reading : wrong(tag, text);
}

function wrong(tag: string, text: string): ScalarReading {
  return { problem: `'${text}' is not what '!!${tag.slice(core.length)}' says` };
}
