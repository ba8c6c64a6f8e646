/** What a connector is told once for a run, and its defaults. */
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type CaptureLimits, captureLimits } from './capture.ts';
import type { HostKeyPolicy, UnknownHostKey } from './host-keys.ts';
import type { AskPassphrase } from './private-keys.ts';

/** All may be left out. Functions that ask are called one at a time; without them nobody is asked. */
export interface ConnectorOptions {
  readonly home?: string;
  /** Who a jump host is entered as when nothing says it. */
  readonly localUser?: string;
  readonly agentSocket?: string | undefined;
  /** `--private-key`, and keys that are tried when none is named. */
  readonly defaultKeys?: readonly string[];
  readonly hostKeyPolicy?: HostKeyPolicy;
  readonly knownHostsFiles?: readonly string[];
  /** Where `accept-new` and `ask` write, unless `UserKnownHostsFile` names a file. */
  readonly learnFile?: string;
  /** Instead of ~/.ssh/config and /etc/ssh/ssh_config; null for none at all. */
  readonly sshConfigFile?: string | null;
  /** For TCP and for the SSH login, each. */
  readonly connectTimeoutSeconds?: number;
  readonly keepaliveSeconds?: number;
  readonly keepaliveCount?: number;
  readonly capture?: CaptureLimits;
  readonly askPassphrase?: AskPassphrase;
  readonly askHostKey?: (key: UnknownHostKey) => Promise<boolean>;
}

export type Settings = Required<Omit<ConnectorOptions, 'askPassphrase' | 'askHostKey' | 'sshConfigFile'>> &
  Pick<ConnectorOptions, 'askPassphrase' | 'askHostKey' | 'sshConfigFile'>;

export function settingsOf(options: ConnectorOptions): Settings {
  const home = options.home ?? homedir();
  const { SSH_AUTH_SOCK: agent } = process.env;
  const inSsh = (name: string) => join(home, '.ssh', name);
  return {
    localUser: userInfo().username,
    agentSocket: agent === '' ? undefined : agent,
    defaultKeys: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map(inSsh),
    hostKeyPolicy: 'strict',
    knownHostsFiles: [inSsh('known_hosts'), inSsh('known_hosts2'), '/etc/ssh/ssh_known_hosts'],
    learnFile: join(home, '.local', 'state', 'gwfleet', 'known_hosts'),
    // p95 of a login was 1.1 s at 128 at once on a busy controller; slow links and DNS in sshd want more.
    connectTimeoutSeconds: 15,
    keepaliveSeconds: 5,
    keepaliveCount: 3,
    capture: captureLimits,
    ...options,
    home,
  };
}

/** A path as a user writes it: `~/` is the home of whoever runs gwfleet. */
export function expandedHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path.replaceAll('%d', home);
}
