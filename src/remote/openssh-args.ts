/**
 * The command line of the system's ssh for a target. ssh takes the first of two equal options: what must hold comes
 * first, then the inventory's own arguments (all of them, also those that gwfleet does not know), then our defaults.
 */
import type { ConnectFailure, Target } from './remote.ts';
import { expandedHome, type Settings } from './settings.ts';
import type { HostConfig } from './ssh-config.ts';

/** The arguments before the address. A password cannot be given to ssh without a terminal. */
export function opensshArgs(
  target: Target,
  settings: Settings,
  config: HostConfig,
): readonly string[] | ConnectFailure {
  if (target.password !== undefined && target.privateKeyFile === undefined) {
    return {
      kind: 'key-unusable',
      message: 'ansible_connection: openssh cannot log in with ansible_password',
      hint: 'use a key, or ansible_connection: ssh',
    };
  }
  const { sshConfigFile, connectTimeoutSeconds, keepaliveSeconds, keepaliveCount } = settings;
  return [
    '-T',
    ...(sshConfigFile === undefined ? [] : ['-F', sshConfigFile ?? 'none']),
    // A shared master would make the connection that confirms a change the old one.
    ...optionWords({ BatchMode: 'yes', ControlMaster: 'no', ControlPath: 'none' }),
    ...target.sshArgs,
    ...whoAndWhere(target, settings.home),
    ...optionWords({
      ConnectTimeout: String(connectTimeoutSeconds),
      ServerAliveInterval: String(Math.ceil(keepaliveSeconds)),
      ServerAliveCountMax: String(keepaliveCount),
      // Without a terminal nobody can be asked.
      StrictHostKeyChecking:
        (config.policy ?? settings.hostKeyPolicy) === 'accept-new' ? 'accept-new' : 'yes',
      UserKnownHostsFile: knownHostsFiles(settings, config),
    }),
  ];
}

function whoAndWhere(target: Target, home: string): string[] {
  const isOpen = (field: 'port' | 'user') => target.defaulted?.includes(field) === true;
  return [
    ...(isOpen('port') ? [] : ['-p', String(target.port)]),
    ...(isOpen('user') ? [] : ['-l', target.user]),
    ...(target.privateKeyFile === undefined
      ? []
      : ['-i', expandedHome(target.privateKeyFile, home), '-o', 'IdentitiesOnly=yes']),
  ];
}

function knownHostsFiles({ knownHostsFiles: usual, home }: Settings, config: HostConfig): string {
  const named = config.knownHostsFiles?.map((file) => expandedHome(file, home));
  const files = named ?? usual;
  return files.length === 0 ? 'none' : files.map((file) => `"${file}"`).join(' ');
}

/** `-o NAME=VALUE` for each. */
export function optionWords(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}
