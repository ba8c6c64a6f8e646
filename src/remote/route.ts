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
import { defaultGlobalFiles, type HostConfig, type SshConfig } from './ssh-config.ts';

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

/** What configuration and inventory together say about a target. */
interface Wishes extends HostConfig {
  readonly hop: HopWish;
}

/** The routes of a run, each looked for once: for its questions about keys, for those about hosts, to connect. */
export class Routes {
  readonly #settings: Settings;
  readonly #config: SshConfig;
  readonly #found = new WeakMap<Target, Promise<Route | ConnectFailure>>();

  constructor(settings: Settings, config: SshConfig) {
    this.#settings = settings;
    this.#config = config;
  }

  to(target: Target): Promise<Route | ConnectFailure> {
    let route = this.#found.get(target);
    if (route === undefined) {
      route = routeTo(target, this.#settings, this.#config);
      this.#found.set(target, route);
    }
    return route;
  }
}

async function routeTo(
  target: Target,
  settings: Settings,
  config: SshConfig,
): Promise<Route | ConnectFailure> {
  const wishes = await wishesOf(target, config);
  if ('kind' in wishes) return wishes;
  if (wishes.proxyCommand !== undefined) return needsOpenssh(target.address);
  const { options } = readSshArgs(target.sshArgs);
  const ways = new Ways({ keys: wishes.hop.keys, options }, settings, config);
  const jumps = await ways.through(wishes.jumps ?? [], [placeOf(wishes.hop)]);
  return 'kind' in jumps ? jumps : { jumps, last: hopOf(wishes.hop, wishes, { settings, config }) };
}

/** How the target's own key is judged, also where only the system's ssh knows the way. */
export async function hostKeyRuleOf(
  target: Target,
  settings: Settings,
  config: SshConfig,
): Promise<HostKeyRule | ConnectFailure> {
  const wishes = await wishesOf(target, config);
  return 'kind' in wishes ? wishes : hopOf(wishes.hop, wishes, { settings, config }).hostKeyRule;
}

async function wishesOf(target: Target, config: SshConfig): Promise<Wishes | ConnectFailure> {
  const own = await config.of(target.address);
  if ('kind' in own) return own;
  const { options } = readSshArgs(target.sshArgs);
  const may = (field: 'port' | 'user') => target.defaulted?.includes(field) === true;
  const hop = {
    name: target.address,
    // As when ssh is given that name: HostName says where it is.
    address: own.address ?? target.address,
    port: (may('port') ? own.port : undefined) ?? target.port,
    user: (may('user') ? own.user : undefined) ?? target.user,
    password: target.password,
    keys: target.privateKeyFile === undefined ? (own.keyFiles ?? []) : [target.privateKeyFile],
    alias: own.hostKeyAlias,
    agentSocket: own.agentSocket,
  };
  return { ...own, ...options, hop };
}

interface HopWish {
  /** As the configuration knows it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly keys: readonly string[];
  readonly alias: string | undefined;
  readonly agentSocket: string | null | undefined;
}

function hopOf(
  wish: HopWish,
  { policy, knownHostsFiles, globalKnownHostsFiles }: HostConfig,
  { settings, config }: { settings: Settings; config: SshConfig },
): Hop {
  const { home } = settings;
  const expand = (file: string) => expandedHome(file, home);
  const own = knownHostsFiles?.map(expand) ?? settings.knownHostsFiles;
  const keys = wish.keys.map((file) => expandedTokens(expand(file), wish, settings.localUser));
  const there = keys.filter((file) => existsSync(file) || existsSync(`${file}.pub`));
  return {
    address: wish.address,
    port: wish.port,
    hostKeyRule: {
      name: wish.alias?.toLowerCase() ?? knownName(wish.address, wish.port),
      ...(wish.alias === undefined && wish.port !== 22 && { bareName: knownName(wish.address, 22) }),
      policy: policy ?? settings.hostKeyPolicy,
      files: [...own, ...(globalKnownHostsFiles ?? defaultGlobalFiles)],
      learnFile: own[0],
      namesAreHashed: () => config.namesAreHashed(wish.name),
    },
    login: {
      user: wish.user,
      // Of several named keys those that are missing do not count; a single missing one is the user's mistake.
      namedKeys: there.length > 0 ? there : keys.slice(0, 1),
      defaultKeys: settings.defaultKeys.map(expand),
      agentSocket:
        wish.agentSocket === undefined ? settings.agentSocket : expandedOrNone(wish.agentSocket, home),
      password: wish.password,
    },
  };
}

/** The jump hosts of one target. */
class Ways {
  readonly #target: { readonly keys: readonly string[]; readonly options: SshArgs };
  readonly #around: { readonly settings: Settings; readonly config: SshConfig };

  constructor(target: { keys: readonly string[]; options: SshArgs }, settings: Settings, config: SshConfig) {
    this.#target = target;
    this.#around = { settings, config };
  }

  /** The first jump host may itself lie behind others, if its configuration says so; for the next ones we say it. */
  async through(names: readonly JumpName[], after: readonly Place[]): Promise<Hop[] | ConnectFailure> {
    const hops: Hop[] = [];
    for (const [index, name] of names.entries()) {
      const own = await this.#around.config.of(name.host);
      if ('kind' in own) return own;
      const wish = this.#wish(name, own);
      const places = [...after, placeOf(wish)];
      // ssh passes over a jump to the host itself: that is what `Host *` with a ProxyJump means for the jump host.
      if (places.at(-1)?.where === after.at(-1)?.where) continue;
      if (after.some(({ where }) => where === places.at(-1)?.where)) return circle(places);
      if (own.proxyCommand !== undefined) return needsOpenssh(name.host);
      const before = index === 0 ? await this.through(own.jumps ?? [], places) : [];
      if ('kind' in before) return before;
      hops.push(...before, hopOf(wish, { ...own, ...this.#target.options }, this.#around));
    }
    return hops;
  }

  /** A jump host follows its own configuration; the target's key and known_hosts options hold where that is silent. */
  #wish(name: JumpName, own: HostConfig): HopWish {
    return {
      name: name.host,
      address: own.address ?? name.host,
      port: name.port ?? own.port ?? 22,
      user: name.user ?? own.user ?? this.#around.settings.localUser,
      password: undefined,
      keys: own.keyFiles ?? this.#target.keys,
      alias: own.hostKeyAlias,
      agentSocket: own.agentSocket,
    };
  }
}

/** A server by its name in the configuration, and where it really is. */
interface Place {
  readonly name: string;
  readonly where: string;
}

function placeOf({ name, address, port }: HopWish): Place {
  return { name, where: `${address}:${port}` };
}

/** The tokens of IdentityFile that `ssh -G` leaves as they are. */
function expandedTokens(file: string, { name, address, port, user }: HopWish, localUser: string): string {
  const values: Readonly<Record<string, string>> = {
    h: address,
    n: name,
    p: String(port),
    r: user,
    u: localUser,
  };
  return file.replaceAll(/%([%hnpru])/g, (token, letter: string) =>
    letter === '%' ? '%' : (values[letter] ?? token),
  );
}

function expandedOrNone(socket: string | null, home: string): string | undefined {
  return socket === null ? undefined : expandedHome(socket, home);
}

function needsOpenssh(host: string): ConnectFailure {
  return {
    kind: 'unreachable',
    message: `ssh_config names a ProxyCommand for ${host}, which this transport cannot run`,
    hint: 'use ansible_connection: openssh',
  };
}

function circle(places: readonly Place[]): ConnectFailure {
  const names = places.map(({ name }) => name).join(' -> ');
  return { kind: 'config-unusable', message: `the jump hosts lead in a circle: ${names}` };
}
