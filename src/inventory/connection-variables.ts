/**
 * Reads `ansible_*` variables of one host and remembers which were asked for, so that the rest can be named. Values
 * of secrets never appear in a message.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { kindOf, shownValue } from '../source/value.ts';
import { expanded } from './expansion.ts';
import type { Host, Value } from './model.ts';

export class VariableReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #host: Host;
  readonly #asked = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The first of these names that has a value, as text. Numbers are text here: `ansible_user: 1000`. */
  text(...names: readonly string[]): string | undefined {
    const found = this.#first(names);
    if (found === undefined) return undefined;
    if (typeof found.value === 'string' || typeof found.value === 'number') return String(found.value);
    this.refuse(found.name, `'${found.name}' must be text, and this is ${kindOf(found.value)}`, 'quote it');
    return undefined;
  }

  isSet(name: string): boolean {
    return (this.#host.variables.get(name) ?? null) !== null;
  }

  port(...names: readonly string[]): number | undefined {
    const found = this.#first(names);
    if (found === undefined) return undefined;
    const port =
      typeof found.value === 'number' ? found.value : Number(shownValue(found.value).trim() || Number.NaN);
    if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
    this.refuse(found.name, `'${found.name}' must be a port, from 1 to 65535`);
    return undefined;
  }

  boolean(name: string): boolean | undefined {
    const found = this.#first([name]);
    if (found === undefined) return undefined;
    const value = parseBoolean(found.value);
    if (value === undefined) this.refuse(name, `'${name}' must be true or false`);
    return value;
  }

  /** The inventory's value; the flag's when there is none. Says when the flag loses. */
  overriding(flag: string, given: string | undefined, ...names: readonly string[]): string | undefined {
    const written = this.text(...names);
    const found = this.#first(names);
    if (given !== undefined && written !== undefined && given !== written && found !== undefined) {
      const hint = `to override it: -e ${found.name}=${given}`;
      this.#report('warning', found.name, {
        message: `${flag} ${given} has no effect on '${this.#host.name}': the inventory says ${written}`,
        hint,
      });
    }
    return written ?? given;
  }

  /** Arguments of ssh from all of these variables, split into words. */
  words(...names: readonly string[]): readonly string[] {
    return names.flatMap((name) => {
      const words = shellWords(this.text(name) ?? '');
      for (const unknown of unknownArguments(words)) {
        const hint =
          'of ssh arguments it follows -J and -o ProxyJump, StrictHostKeyChecking, UserKnownHostsFile';
        this.#report('warning', name, { message: `gwfleet does not follow '${unknown}' in ${name}`, hint });
      }
      return words;
    });
  }

  refuse(name: string, message: string, hint?: string): void {
    this.#report('error', name, { message, ...(hint === undefined ? {} : { hint }) });
  }

  /** Warns about connection variables that nobody asked for. */
  nameTheRest(): void {
    for (const name of this.#host.variables.keys()) {
      if (this.#asked.has(name) || silent.has(name) || !connection.test(name)) continue;
      const hint = didYouMean(name, this.#asked) ?? 'it is ignored';
      this.#report('warning', name, {
        message: `gwfleet does not know the connection variable '${name}'`,
        hint,
      });
    }
  }

  #first(names: readonly string[]): { name: string; value: Value } | undefined {
    for (const name of names) this.#asked.add(name);
    const name = names.find((candidate) => this.isSet(candidate));
    if (name === undefined) return undefined;
    const expansion = expanded(this.#host.variables.get(name) ?? null, this.#host.variables);
    if ('value' in expansion) return { name, value: expansion.value };
    this.refuse(name, `'${name}': ${expansion.problem}`);
    return undefined;
  }

  #report(severity: Diagnostic['severity'], name: string, text: { message: string; hint?: string }): void {
    const place = this.#host.places.get(name);
    this.diagnostics.push({ severity, ...text, ...(place === undefined ? {} : { place }) });
  }
}

/** What decides over a connection; other `ansible_` names are Ansible's own settings or facts. */
const connection =
  /^ansible_(?:ssh_|become|sudo_|su_|connection|host|port|user|password|private_key|paramiko_|scp_|sftp_|pipelining|timeout|control_path)/;

/** Harmless here, and in many inventories. */
const silent = new Set([
  'ansible_python_interpreter',
  'ansible_host_key_checking',
  'ansible_ssh_pipelining',
  'ansible_pipelining',
  'ansible_ssh_retries',
  'ansible_ssh_transfer_method',
]);

const yes = new Set(['y', 'yes', 'on', '1', 'true', 't', '1.0']);
const no = new Set(['n', 'no', 'off', '0', 'false', 'f', '0.0']);

/** As Ansible's `boolean()`: also `"yes"`, `"on"`, 1. */
export function parseBoolean(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = shownValue(value).toLowerCase().trim();
  return yes.has(text) ? true : no.has(text) ? false : undefined;
}

function unknownArguments(words: readonly string[]): readonly string[] {
  const unknown: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const flag = word.slice(0, 2);
    const value = flag === '-J' || flag === '-o' ? word.slice(2) || (rest.shift() ?? '') : undefined;
    if (value === undefined) unknown.push(word);
    else if (flag === '-o' && !followed.test(value)) unknown.push(`-o ${value}`);
  }
  return unknown;
}

const followed = /^\s*(?:ProxyJump|StrictHostKeyChecking|UserKnownHostsFile)\s*[=\s]/i;

/** Words as sh splits them; quotes and backslashes as there, nothing else is special. */
export function shellWords(text: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g)) {
    words.push(word.replace(/\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g, unquote));
  }
  return words;
}

function unquote(
  _: string,
  escaped: string | undefined,
  double: string | undefined,
  single: string | undefined,
): string {
  return escaped ?? double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? '';
}
