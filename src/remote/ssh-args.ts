/**
 * The part of `ansible_ssh_common_args` that gwfleet follows: `-J` and three `-o` options, spelt as ssh(1) allows
 * (`-oName=value`, `-o "Name value"`, any case). The first of two equal options wins, as in ssh.
 */
import type { HostKeyPolicy } from './host-keys.ts';

/** A jump host as written: `user@host:port`. */
export interface JumpName {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

export interface SshArgs {
  /** In the order of the way; empty for `none`. */
  readonly jumps?: readonly JumpName[];
  readonly policy?: HostKeyPolicy;
  /** The user's known_hosts files; `~` is not yet expanded. */
  readonly knownHostsFiles?: readonly string[];
}

/** What the words say, and those that mean nothing here: the caller warns about them. */
export function readSshArgs(words: readonly string[]): { options: SshArgs; unknown: readonly string[] } {
  let options: SshArgs = {};
  const unknown: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const flag = word.slice(0, 2);
    const value = flag === '-J' || flag === '-o' ? word.slice(2) || rest.shift() : undefined;
    const read = value === undefined ? undefined : readFlag(flag, value);
    if (read === undefined) unknown.push(value === undefined || word.length > 2 ? word : `${word} ${value}`);
    else options = { ...read, ...options };
  }
  return { options, unknown };
}

/** One option in the words of ssh_config(5); undefined for one that is not followed or has no such value. */
export function readOption(name: string, value: string): SshArgs | undefined {
  switch (name.toLowerCase()) {
    case 'proxyjump':
      return readJumps(value);
    case 'stricthostkeychecking': {
      const policy = policies[value.toLowerCase()];
      return policy === undefined ? undefined : { policy };
    }
    case 'userknownhostsfile':
      return { knownHostsFiles: value === 'none' ? [] : value.split(/\s+/).map(unquoted) };
    default:
      return undefined;
  }
}

/** `no` learns like `accept-new`, but gwfleet refuses a changed key even then. */
const policies: Readonly<Record<string, HostKeyPolicy>> = {
  yes: 'strict',
  true: 'strict',
  ask: 'ask',
  'accept-new': 'accept-new',
  no: 'accept-new',
  off: 'accept-new',
  false: 'accept-new',
};

function readFlag(flag: string, value: string): SshArgs | undefined {
  if (flag === '-J') return readJumps(value);
  const [, name, rest] = /^\s*([A-Za-z]+)\s*(?:=|\s)\s*(.*?)\s*$/s.exec(value) ?? [];
  return name === undefined || rest === undefined ? undefined : readOption(name, unquoted(rest));
}

function readJumps(value: string): SshArgs | undefined {
  if (value.toLowerCase() === 'none') return { jumps: [] };
  const jumps: JumpName[] = [];
  for (const part of value.split(',')) {
    const jump = readJump(part.trim());
    if (jump === undefined) return undefined;
    jumps.push(jump);
  }
  return { jumps };
}

function readJump(text: string): JumpName | undefined {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@[\]]+))(?::(\d{1,5}))?\/?$/.exec(text);
  const host = match?.[2] ?? match?.[3];
  if (match === null || host === undefined || host.startsWith('-')) return undefined;
  const port = match[4] === undefined ? undefined : Number(match[4]);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { host, ...(port !== undefined && { port }), ...(match[1] !== undefined && { user: match[1] }) };
}

function unquoted(text: string): string {
  return /^"(.*)"$/s.exec(text)?.[1] ?? text;
}
