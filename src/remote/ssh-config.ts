/**
 * ~/.ssh/config through `ssh -G`, which alone knows Include, Match and the order of files. It costs 11 ms a host, so
 * it is skipped when no configuration says anything that matters here, and its answers are kept.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { ConnectFailure } from './remote.ts';
import { readOption, type SshArgs } from './ssh-args.ts';

/** What the configuration says about a host; what it leaves at its default is not here. */
export interface HostConfig extends SshArgs {
  readonly address?: string;
  readonly port?: number;
  readonly user?: string;
  readonly keyFiles?: readonly string[];
  readonly hostKeyAlias?: string;
  readonly globalKnownHostsFiles?: readonly string[];
  /** IdentityAgent: a socket, or null for `none`. */
  readonly agentSocket?: string | null;
  /** Set when only the system's ssh can go this way. */
  readonly proxyCommand?: string;
}

export class SshConfig {
  readonly #home: string;
  readonly #file: string | null | undefined;
  readonly #limit = pLimit(4);
  readonly #answers = new Map<string, Promise<string | ConnectFailure>>();
  #isNeeded: boolean | undefined;

  constructor(home: string, file: string | null | undefined) {
    this.#home = home;
    this.#file = file;
  }

  /** A configuration that ssh itself refuses is a failure: passed over, it could lead to the wrong machine. */
  async of(host: string): Promise<HostConfig | ConnectFailure> {
    this.#isNeeded ??= this.#file !== null && saysSomething(this.#home, this.#file);
    if (!this.#isNeeded || host.startsWith('-')) return {};
    const answer = await this.#answer(host);
    return typeof answer === 'string' ? readAnswer(answer, { host, home: this.#home }) : answer;
  }

  /** HashKnownHosts: asked apart, because Debian turns it on for everybody. */
  async namesAreHashed(host: string): Promise<boolean> {
    const answer = host.startsWith('-') ? '' : await this.#answer(host);
    return typeof answer === 'string' && /^hashknownhosts yes$/m.test(answer);
  }

  #answer(host: string): Promise<string | ConnectFailure> {
    let answer = this.#answers.get(host);
    if (answer === undefined) {
      answer = this.#limit(() => this.#ask(host));
      this.#answers.set(host, answer);
    }
    return answer;
  }

  async #ask(host: string): Promise<string | ConnectFailure> {
    const args = ['-T', ...(this.#file === undefined ? [] : ['-F', this.#file ?? 'none']), '-G', host];
    return await new Promise((resolve) => {
      const options = { timeout: answerSeconds * 1000, maxBuffer: 1024 * 1024 };
      const child = execFile('ssh', args, options, (error, stdout, stderr) =>
        resolve(error === null ? stdout : configFailure(host, error, stderr)),
      );
      child.stdin?.end();
    });
  }
}

/** A `Match exec` may ask a name server. */
const answerSeconds = 10;

function configFailure(host: string, error: ExecFileException, said: string): ConnectFailure {
  const { code, killed } = error;
  const why = said.trim().split('\n').slice(-2).join(' / ');
  const hint = `look at it with: ssh -G ${host}`;
  const message = (what: string) => `the ssh configuration for ${host} cannot be read: ${what}`;
  const kind = 'config-unusable';
  if (code === 'ENOENT') {
    return { kind, message: message('there is no ssh on this machine'), hint: 'install openssh-client' };
  }
  if (killed === true) return { kind, message: message(`ssh -G took over ${answerSeconds} s`), hint };
  return { kind, message: message(why === '' ? error.message : why), hint };
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
  const agent = first('identityagent');
  const global = first('globalknownhostsfile');
  return {
    ...option('proxyjump'),
    ...option('stricthostkeychecking'),
    ...option('userknownhostsfile'),
    ...(keyFiles.length > 0 && { keyFiles }),
    ...(address !== undefined && address !== host && { address }),
    ...(port !== 22 && { port }),
    ...(user !== undefined && { user }),
    ...(alias !== undefined && { hostKeyAlias: alias }),
    ...(agent !== undefined && agent !== 'SSH_AUTH_SOCK' && { agentSocket: agentOf(agent) }),
    ...(global !== undefined &&
      global !== defaultGlobalFiles.join(' ') && { globalKnownHostsFiles: filesOf(global) }),
    ...(command !== undefined && command !== 'none' && { proxyCommand: command }),
  };
}

export const defaultGlobalFiles = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

function filesOf(value: string): readonly string[] {
  return value === 'none' ? [] : value.split(' ');
}

/** A name with `$` is one of the environment. */
function agentOf(value: string): string | null {
  if (value === 'none') return null;
  return value.startsWith('$') ? (process.env[value.slice(1)] ?? null) : value;
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

const matters =
  /^\s*(host(name|keyalias)|port|user\b|identit|proxy|(user|global)knownhosts|stricthost|match)/im;

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
