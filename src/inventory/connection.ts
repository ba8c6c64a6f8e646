/**
 * Where and as whom to connect, from a host's connection variables. As in Ansible they win over the command line
 * (`-u`, `--private-key`), and of two spellings the old one wins (plugins/connection/ssh.py lists it last). A
 * connection variable that means nothing here is named in a warning: an ignored one can lead to the wrong machine.
 */
import { parseAddress } from '../address/ipv4.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { VariableReader } from './connection-variables.ts';
import type { Host } from './model.ts';

/** The same shape as remote's Target. */
export interface ConnectionTarget {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly transport: 'ssh' | 'openssh' | 'local';
  readonly password?: string;
  /** `~` is not expanded here. */
  readonly privateKeyFile?: string;
  /** Words, as a shell would split them. */
  readonly sshArgs: readonly string[];
  readonly become: { readonly user: string; readonly password?: string } | null;
  /** What neither inventory nor command line named: ~/.ssh/config may still say it. */
  readonly defaulted: readonly ('address' | 'port' | 'user')[];
}

/** The command line, and who is running it. */
export interface ConnectionOverrides {
  /** The local user's name: the last resort. */
  readonly localUser: string;
  /** `-u` */
  readonly user?: string;
  /** `--private-key` */
  readonly privateKeyFile?: string;
  /** `-b` */
  readonly become?: boolean;
  /** Asked for by `-K`. */
  readonly becomePassword?: string;
}

export interface ConnectionReading {
  /** Missing when there are errors. */
  readonly target?: ConnectionTarget;
  readonly diagnostics: readonly Diagnostic[];
}

export function connectionOf(host: Host, overrides: ConnectionOverrides): ConnectionReading {
  const reader = new VariableReader(host);
  const address = addressOf(reader);
  const port = reader.port('ansible_ssh_port', 'ansible_port');
  const user = reader.overriding('-u', overrides.user, 'ansible_ssh_user', 'ansible_user');
  const key = reader.overriding(
    '--private-key',
    overrides.privateKeyFile,
    'ansible_ssh_private_key_file',
    'ansible_private_key_file',
  );
  const password = reader.text('ansible_ssh_password', 'ansible_ssh_pass', 'ansible_password');
  const target: ConnectionTarget = {
    host: host.name,
    address: address ?? host.name,
    port: port ?? 22,
    user: user ?? overrides.localUser,
    transport: transportOf(reader),
    sshArgs: reader.words('ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'),
    become: becomeOf(reader, overrides),
    defaulted: [
      ...(address === undefined ? (['address'] as const) : []),
      ...(port === undefined ? (['port'] as const) : []),
      ...(user === undefined ? (['user'] as const) : []),
    ],
    ...(password === undefined ? {} : { password }),
    ...(key === undefined ? {} : { privateKeyFile: key }),
  };
  reader.nameTheRest();
  const failed = reader.diagnostics.some(({ severity }) => severity === 'error');
  return failed ? { diagnostics: reader.diagnostics } : { target, diagnostics: reader.diagnostics };
}

/** Digits and dots are no name of a host: programs read `10.1` and `010.0.0.1` as addresses, each in its own way. */
function addressOf(reader: VariableReader): string | undefined {
  const names = ['ansible_ssh_host', 'ansible_host'] as const;
  const address = reader.text(...names);
  if (address === undefined || !/^[\d.]+$/.test(address) || parseAddress(address) !== undefined)
    return address;
  reader.refuse(
    names.find((name) => reader.isSet(name)) ?? 'ansible_host',
    `'${address}' is not an IPv4 address`,
    'write four numbers without leading zeros: 10.0.0.1',
  );
  return undefined;
}

function transportOf(reader: VariableReader): ConnectionTarget['transport'] {
  const name = reader.text('ansible_connection') ?? 'ssh';
  const transport = transports[name];
  if (transport !== undefined) return transport;
  reader.refuse(
    'ansible_connection',
    `gwfleet cannot connect by '${name}'`,
    'it knows ssh, openssh and local',
  );
  return 'ssh';
}

/** Other names of Ansible for a connection by SSH. */
const transports: Readonly<Record<string, ConnectionTarget['transport']>> = {
  ssh: 'ssh',
  smart: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
  'ansible.builtin.ssh': 'ssh',
  openssh: 'openssh',
  local: 'local',
  'ansible.builtin.local': 'local',
};

function becomeOf(reader: VariableReader, overrides: ConnectionOverrides): ConnectionTarget['become'] {
  const become = reader.boolean('ansible_become') ?? overrides.become ?? false;
  const user = reader.text('ansible_sudo_user', 'ansible_become_user') ?? 'root';
  const password =
    reader.text('ansible_sudo_pass', 'ansible_become_pass', 'ansible_become_password') ??
    overrides.becomePassword;
  const method = reader.text('ansible_become_method') ?? 'sudo';
  if (become && method !== 'sudo' && method !== 'ansible.builtin.sudo') {
    reader.refuse(
      'ansible_become_method',
      `gwfleet cannot become another user by '${method}'`,
      'it knows sudo',
    );
  }
  if (!become) return null;
  return password === undefined ? { user } : { user, password };
}
