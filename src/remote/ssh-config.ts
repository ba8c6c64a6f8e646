/**
 * ~/.ssh/config through `ssh -G`, which alone knows Include, Match and the order of files. It costs 11 ms a host, so
 * it is skipped when no configuration says anything that matters here, and its answers are kept.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { readOption, type SshArgs } from './ssh-args.ts';

/** What the configuration says about a host; what it leaves at its default is not here. */
export interface HostConfig extends SshArgs {
  readonly address?: string;
  readonly port?: number;
  readonly user?: string;
  readonly keyFiles?: readonly string[];
  readonly hostKeyAlias?: string;
  /** Set when only the system's ssh can go this way. */
  readonly proxyCommand?: string;
}

export class SshConfig {
  readonly #home: string;
  readonly #file: string | null | undefined;
  readonly #limit = pLimit(4);
  readonly #answers = new Map<string, Promise<HostConfig>>();
  #isNeeded: boolean | undefined;

  constructor(home: string, file: string | null | undefined) {
    this.#home = home;
    this.#file = file;
  }

  of(host: string): Promise<HostConfig> {
    this.#isNeeded ??= this.#file !== null && saysSomething(this.#home, this.#file);
    if (!this.#isNeeded || host.startsWith('-')) return Promise.resolve({});
    let answer = this.#answers.get(host);
    if (answer === undefined) {
      answer = this.#limit(async () => readAnswer(await this.#ask(host), { host, home: this.#home }));
      this.#answers.set(host, answer);
    }
    return answer;
  }

  /** Nothing at all when ssh fails: a broken configuration is ssh's to complain about, not every host's. */
  async #ask(host: string): Promise<string> {
    const args = [...(typeof this.#file === 'string' ? ['-F', this.#file] : []), '-G', host];
    return await new Promise((resolve) => {
      const options = { timeout: 5000, maxBuffer: 1024 * 1024 };
      const child = execFile('ssh', args, options, (error, stdout) => resolve(error ? '' : stdout));
      child.stdin?.end();
    });
  }
}

/** The answer of `ssh -G`. It prints defaults too; those are left out, as far as they can be told from wishes. */
export function readAnswer(text: string, { host, home }: { host: string; home: string }): HostConfig {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const name = line.slice(0, space);
    values.set(name, [...(values.get(name) ?? []), line.slice(space + 1)]);
  }
  const first = (name: string) => values.get(name)?.[0];
  const option = (name: string): SshArgs => {
    const value = first(name);
    return value === undefined || defaults(home)[name] === value ? {} : (readOption(name, value) ?? {});
  };
  const keyFiles = (values.get('identityfile') ?? []).filter((file) => !isDefaultKey(file, home));
  const address = first('hostname');
  const port = Number(first('port') ?? '22');
  const user = first('user');
  const alias = first('hostkeyalias');
  const command = first('proxycommand');
  return {
    ...option('proxyjump'),
    ...option('stricthostkeychecking'),
    ...option('userknownhostsfile'),
    ...(keyFiles.length > 0 && { keyFiles }),
    ...(address !== undefined && address !== host && { address }),
    ...(port !== 22 && { port }),
    ...(user !== undefined && { user }),
    ...(alias !== undefined && { hostKeyAlias: alias }),
    ...(command !== undefined && command !== 'none' && { proxyCommand: command }),
  };
}

function defaults(home: string): Readonly<Record<string, string>> {
  const file = (name: string) => join(home, '.ssh', name);
  return {
    stricthostkeychecking: 'ask',
    userknownhostsfile: `${file('known_hosts')} ${file('known_hosts2')}`,
  };
}

function isDefaultKey(file: string, home: string): boolean {
  const name = /^(.*)\/\.ssh\/id_(?:rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)$/.exec(file)?.[1];
  return name === '~' || name === home;
}

const matters = /^\s*(host(name|keyalias)|port|user\b|identityfile|proxy|userknownhosts|stricthost|match)/im;

function saysSomething(home: string, file: string | undefined): boolean {
  if (file !== undefined) return true;
  if (existsSync(join(home, '.ssh', 'config'))) return true;
  try {
    if (matters.test(readFileSync('/etc/ssh/ssh_config', 'utf8'))) return true;
    return readdirSync('/etc/ssh/ssh_config.d').some((name) => name.endsWith('.conf'));
  } catch {
    return false;
  }
}
