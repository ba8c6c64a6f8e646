/** What a connector is told once for a run, and its defaults. */
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type CaptureLimits, captureLimits } from './capture.ts';
import type { HostKeyPolicy, LearnedKey } from './host-keys.ts';
import type { AskPassphrase } from './private-keys.ts';

/** All may be left out. Functions that ask are called one at a time; without them nobody is asked. */
export interface ConnectorOptions {
  readonly home?: string;
  /** Who a jump host is entered as when nothing says it. */
  readonly localUser?: string;
  readonly agentSocket?: string | undefined;
  /** `--private-key`, and keys that are tried when none is named. */
  readonly defaultKeys?: readonly string[];
  /** Where neither inventory nor ssh_config says StrictHostKeyChecking. */
  readonly hostKeyPolicy?: HostKeyPolicy;
  /** UserKnownHostsFile where nobody says it; the first is where new keys are written. */
  readonly knownHostsFiles?: readonly string[];
  /** Instead of ~/.ssh/config and /etc/ssh/ssh_config; null for none at all. */
  readonly sshConfigFile?: string | null | undefined;
  /** For TCP and for the SSH login, each. */
  readonly connectTimeoutSeconds?: number;
  readonly keepaliveSeconds?: number;
  readonly keepaliveCount?: number;
  readonly capture?: CaptureLimits;
  readonly askPassphrase?: AskPassphrase;
  /** Told of every key that was learned. */
  readonly onLearned?: (key: LearnedKey) => void;
}

export type Settings = Required<Omit<ConnectorOptions, 'askPassphrase' | 'sshConfigFile'>> &
  Pick<ConnectorOptions, 'askPassphrase' | 'sshConfigFile'>;

export function settingsOf(options: ConnectorOptions): Settings {
  const home = options.home ?? homedir();
  const { SSH_AUTH_SOCK: agent } = process.env;
  const inSsh = (name: string) => join(home, '.ssh', name);
  return {
    localUser: userInfo().username,
    agentSocket: agent === '' ? undefined : agent,
    defaultKeys: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map(inSsh),
    hostKeyPolicy: 'strict',
    knownHostsFiles: [inSsh('known_hosts'), inSsh('known_hosts2')],
    // p95 of a login was 1.1 s at 128 at once on a busy controller; slow links and DNS in sshd want more.
    connectTimeoutSeconds: 15,
    keepaliveSeconds: 5,
    keepaliveCount: 3,
    capture: captureLimits,
    onLearned: () => undefined,
    ...options,
    home,
    sshConfigFile: options.sshConfigFile === undefined ? ownConfig(home) : options.sshConfigFile,
  };
}

/** ssh looks into the home of the account, whatever HOME says; where these differ it has to be told. */
function ownConfig(home: string): string | undefined {
  const file = join(home, '.ssh', 'config');
  return home !== userInfo().homedir && existsSync(file) ? file : undefined;
}

/** A path as a user writes it: `~/` is the home of whoever runs gwfleet. */
export function expandedHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path.replaceAll('%d', home);
}
