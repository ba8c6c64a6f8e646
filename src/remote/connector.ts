/**
 * Opens connections of every transport and owns what they share in a run: parsed keys, known hosts, jump hosts.
 */
import { randomBytes } from 'node:crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import { type HostKeySight, type Scouting, type ScoutingDepth, scoutHostKeys } from './host-key-scout.ts';
import { HostKeys, type LearnedKey } from './host-keys.ts';
import { JumpHosts, loginsAtOnce } from './jump-hosts.ts';
import { localRemote } from './local-remote.ts';
import { loginMethods } from './login-methods.ts';
import { opensshArgs } from './openssh-args.ts';
import { opensshRemote } from './openssh-remote.ts';
import { PrivateKeys } from './private-keys.ts';
import type { ConnectFailure, Connection, Connector, Remote, Target } from './remote.ts';
import { Routes } from './route.ts';
import { type ConnectorOptions, settingsOf } from './settings.ts';
import { readSshArgs } from './ssh-args.ts';
import { type HostConfig, SshConfig } from './ssh-config.ts';
import { type LoginShop, logIn } from './ssh-login.ts';
import { sshRemote } from './ssh-remote.ts';
import { SshSession } from './ssh-session.ts';

/** A connector that is also asked about host keys and private keys, before anything is drawn. */
export interface OpenConnector extends Connector {
  /** Reads the private keys that the inventory names, asking for passphrases. Failures show at `connect`. */
  loadNamedKeys(targets: Iterable<Target>): Promise<void>;
  scoutHostKeys(targets: Iterable<Target>, depth: ScoutingDepth, signal?: AbortSignal): Promise<Scouting>;
  /** Trusts keys that were seen, and writes them down. */
  trustHostKeys(sights: readonly HostKeySight[]): Promise<readonly LearnedKey[]>;
}

export function openConnector(options: ConnectorOptions = {}): OpenConnector {
  return new SharedConnector(options);
}

class SharedConnector implements OpenConnector {
  readonly #shop: LoginShop;
  readonly #config: SshConfig;
  readonly #routes: Routes;
  readonly #jumps: JumpHosts;
  readonly #opensshLimits = new Map<string, LimitFunction>();

  constructor(options: ConnectorOptions) {
    const settings = settingsOf(options);
    this.#shop = {
      settings,
      keys: new PrivateKeys(settings.askPassphrase),
      hostKeys: new HostKeys(),
      unknownKeys: 'by-policy',
    };
    this.#config = new SshConfig(settings.home, settings.sshConfigFile);
    this.#routes = new Routes(settings, this.#config);
    this.#jumps = new JumpHosts(this.#shop);
  }

  async connect(target: Target, signal?: AbortSignal): Promise<Connection> {
    const remote = await this.#open(target, signal);
    return 'kind' in remote ? { ok: false, failure: remote } : { ok: true, remote };
  }

  async close(): Promise<void> {
    await this.#jumps.close();
  }

  async loadNamedKeys(targets: Iterable<Target>): Promise<void> {
    const { keys } = this.#shop;
    const routes = [...targets]
      .filter(({ transport }) => transport === 'ssh')
      .map((target) => this.#routes.to(target));
    const seen = new Set<string>();
    for (const route of await Promise.all(routes)) {
      for (const { login } of 'kind' in route ? [] : [...route.jumps, route.last]) {
        const files = login.namedKeys.join('\n');
        if (files === '' || seen.has(files)) continue;
        seen.add(files);
        await loginMethods(login, keys);
      }
    }
  }

  async scoutHostKeys(
    targets: Iterable<Target>,
    depth: ScoutingDepth,
    signal?: AbortSignal,
  ): Promise<Scouting> {
    return await scoutHostKeys(targets, { depth, signal }, this.#ground());
  }

  #ground() {
    return { shop: this.#shop, config: this.#config, routes: this.#routes };
  }

  async trustHostKeys(sights: readonly HostKeySight[]): Promise<readonly LearnedKey[]> {
    const learned: LearnedKey[] = [];
    for (const { rule, blob } of sights) learned.push(await this.#shop.hostKeys.learn(rule, blob));
    return learned;
  }

  async #open(target: Target, signal: AbortSignal | undefined): Promise<Remote | ConnectFailure> {
    const { settings } = this.#shop;
    const { become } = target;
    switch (target.transport) {
      case 'ssh':
        return await this.#openSsh(target, signal);
      case 'openssh':
        return await this.#openOpenssh(target, signal);
      case 'local':
        return localRemote({ user: settings.localUser, become, limits: settings.capture, nonce });
    }
  }

  async #openOpenssh(target: Target, signal: AbortSignal | undefined): Promise<Remote | ConnectFailure> {
    const { settings } = this.#shop;
    const config = await this.#config.of(target.address);
    if ('kind' in config) return config;
    const args = opensshArgs(target, settings, config);
    if ('kind' in args) return args;
    const { user, become, address } = target;
    const { capture, connectTimeoutSeconds } = settings;
    const limit = this.#opensshLimit({ ...config, ...readSshArgs(target.sshArgs).options });
    const options = { args, address, user, become, limits: capture, nonce, connectTimeoutSeconds, limit };
    return await opensshRemote(options, signal);
  }

  /** Every ssh that goes through a jump host logs in there too. */
  #opensshLimit({ jumps = [], proxyCommand }: HostConfig): LimitFunction {
    const way = proxyCommand ?? jumps.map(({ host, port }) => `${host}:${port}`).join(',');
    const limit = this.#opensshLimits.get(way) ?? pLimit(way === '' ? sshProcesses : loginsAtOnce);
    this.#opensshLimits.set(way, limit);
    return limit;
  }

  async #openSsh(target: Target, signal: AbortSignal | undefined): Promise<Remote | ConnectFailure> {
    const route = await this.#routes.to(target);
    if ('kind' in route) return route;
    const passage = await this.#jumps.passage(route.jumps, route.last, signal);
    if ('kind' in passage) return passage;
    const { way, limit, release } = passage;
    const session = await limit(() => logIn(route.last, { way, signal }, this.#shop));
    if (!(session instanceof SshSession)) {
      await release();
      return session;
    }
    const { capture } = this.#shop.settings;
    const { user } = route.last.login;
    return sshRemote(session, { user, become: target.become, limits: capture, nonce, release });
  }
}

/** Each is a process of 8 MiB that takes 0.3 s of CPU to get in. */
const sshProcesses = 16;

/** A word that a host cannot guess. */
function nonce(): string {
  return randomBytes(8).toString('hex');
}
