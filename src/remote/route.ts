/**
 * From a target to the hops that lead there: inventory first, then ~/.ssh/config, then defaults. Every hop has its own
 * name in known_hosts, its own user and its own keys.
 */
import { existsSync } from 'node:fs';
import type { HostKeyRule } from './host-keys.ts';
import { knownName } from './known-hosts.ts';
import type { LoginWish } from './login-methods.ts';
import type { ConnectFailure, Target } from './remote.ts';
import { expandedHome, type Settings } from './settings.ts';
import { type JumpName, readSshArgs, type SshArgs } from './ssh-args.ts';
import type { HostConfig, SshConfig } from './ssh-config.ts';

/** One SSH server on the way. */
export interface Hop {
  readonly address: string;
  readonly port: number;
  readonly hostKeyRule: HostKeyRule;
  readonly login: LoginWish;
}

export interface Route {
  readonly jumps: readonly Hop[];
  readonly last: Hop;
}

export async function routeTo(
  target: Target,
  settings: Settings,
  config: SshConfig,
): Promise<Route | ConnectFailure> {
  const own = await config.of(target.address);
  if (own.proxyCommand !== undefined) return needsOpenssh(target.address);
  const { options } = readSshArgs(target.sshArgs);
  const wishes: SshArgs = { ...own, ...options };
  const keys = target.privateKeyFile === undefined ? (own.keyFiles ?? []) : [target.privateKeyFile];
  const may = (field: 'address' | 'port' | 'user') => target.defaulted?.includes(field) === true;
  const hop = {
    address: (may('address') ? own.address : undefined) ?? target.address,
    port: (may('port') ? own.port : undefined) ?? target.port,
    user: (may('user') ? own.user : undefined) ?? target.user,
    password: target.password,
    keys,
    alias: own.hostKeyAlias,
  };
  const jumps: Hop[] = [];
  for (const name of wishes.jumps ?? []) {
    const jump = await jumpHop(name, { keys, options }, settings, config);
    if ('kind' in jump) return jump;
    jumps.push(jump);
  }
  return { jumps, last: hopOf(hop, wishes, settings) };
}

interface HopWish {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly keys: readonly string[];
  readonly alias: string | undefined;
}

function hopOf(wish: HopWish, { policy, knownHostsFiles }: SshArgs, settings: Settings): Hop {
  const { home } = settings;
  const named = knownHostsFiles?.map((file) => expandedHome(file, home));
  const keys = wish.keys.map((file) => expandedHome(file, home));
  const there = keys.filter((file) => existsSync(file) || existsSync(`${file}.pub`));
  return {
    address: wish.address,
    port: wish.port,
    hostKeyRule: {
      name: wish.alias?.toLowerCase() ?? knownName(wish.address, wish.port),
      policy: policy ?? settings.hostKeyPolicy,
      files: named === undefined ? settings.knownHostsFiles : [...named, '/etc/ssh/ssh_known_hosts'],
      learnFile: named?.[0] ?? settings.learnFile,
    },
    login: {
      user: wish.user,
      // Of several named keys those that are missing do not count; a single missing one is the user's mistake.
      namedKeys: there.length > 0 ? there : keys.slice(0, 1),
      defaultKeys: settings.defaultKeys.map((file) => expandedHome(file, home)),
      agentSocket: settings.agentSocket,
      password: wish.password,
    },
  };
}

/** A jump host follows its own configuration; the target's key and known_hosts options hold for it where that is silent. */
async function jumpHop(
  name: JumpName,
  target: { keys: readonly string[]; options: SshArgs },
  settings: Settings,
  config: SshConfig,
): Promise<Hop | ConnectFailure> {
  const own: HostConfig = await config.of(name.host);
  if (own.proxyCommand !== undefined) return needsOpenssh(name.host);
  const wish: HopWish = {
    address: own.address ?? name.host,
    port: name.port ?? own.port ?? 22,
    user: name.user ?? own.user ?? settings.localUser,
    password: undefined,
    keys: own.keyFiles ?? target.keys,
    alias: own.hostKeyAlias,
  };
  return hopOf(wish, { ...own, ...target.options }, settings);
}

function needsOpenssh(host: string): ConnectFailure {
  return {
    kind: 'unreachable',
    message: `ssh_config names a ProxyCommand for ${host}, which this transport cannot run`,
    hint: 'use ansible_connection: openssh',
  };
}
