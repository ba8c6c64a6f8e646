/**
 * Opens connections of every transport and owns what they share in a run: parsed keys, known hosts, jump hosts.
 */
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { type HostKeyRule, HostKeys, type UnknownHostKey } from './host-keys.ts';
import { JumpHosts } from './jump-hosts.ts';
import { fingerprint, keyType, type Verdict } from './known-hosts.ts';
import { localRemote } from './local-remote.ts';
import { opensshArgs } from './openssh-args.ts';
import { opensshRemote } from './openssh-remote.ts';
import { PrivateKeys } from './private-keys.ts';
import type { ConnectFailure, Connection, Connector, Remote, Target } from './remote.ts';
import { routeTo } from './route.ts';
import { type ConnectorOptions, settingsOf } from './settings.ts';
import { SshConfig } from './ssh-config.ts';
import { type LoginShop, logIn, showHostKey } from './ssh-login.ts';
import { sshRemote } from './ssh-remote.ts';
import { SshSession } from './ssh-session.ts';

/** The key that a host showed and what the known_hosts files say about it. */
export type HostKeyScan =
  | {
      readonly ok: true;
      readonly key: UnknownHostKey;
      readonly verdict: Verdict['kind'];
      readonly rule: HostKeyRule;
    }
  | { readonly ok: false; readonly failure: ConnectFailure };

/** A connector that also answers questions about host keys, before anything is drawn. */
export interface HostKeyConnector extends Connector {
  /** Whether any key is known for the host; asks no network. */
  hasKnownHostKey(target: Target): Promise<boolean>;
  scanHostKey(target: Target, signal?: AbortSignal): Promise<HostKeyScan>;
  /** Writes a scanned key down; says why when it cannot. */
  trustHostKey(scan: HostKeyScan): ConnectFailure | undefined;
}

export function openConnector(options: ConnectorOptions = {}): HostKeyConnector {
  return new SharedConnector(options);
}

class SharedConnector implements HostKeyConnector {
  readonly #shop: LoginShop;
  readonly #config: SshConfig;
  readonly #jumps: JumpHosts;

  constructor(options: ConnectorOptions) {
    const settings = settingsOf(options);
    this.#shop = {
      settings,
      keys: new PrivateKeys(settings.askPassphrase),
      hostKeys: new HostKeys(),
      inTurn: turns(),
    };
    this.#config = new SshConfig(settings.home, settings.sshConfigFile);
    this.#jumps = new JumpHosts(this.#shop);
  }

  async connect(target: Target, signal?: AbortSignal): Promise<Connection> {
    const remote = await this.#open(target, signal);
    return 'kind' in remote ? { ok: false, failure: remote } : { ok: true, remote };
  }

  async close(): Promise<void> {
    await this.#jumps.close();
  }

  async hasKnownHostKey(target: Target): Promise<boolean> {
    if (target.transport === 'local') return true;
    const route = await this.#route(target);
    if ('kind' in route) return false;
    const known = this.#shop.hostKeys.known(route.last.hostKeyRule);
    return 'keys' in known && known.keys.length > 0;
  }

  async scanHostKey(target: Target, signal?: AbortSignal): Promise<HostKeyScan> {
    const route = await this.#route(target);
    if ('kind' in route) return { ok: false, failure: route };
    const passage = await this.#jumps.passage(route.jumps, route.last, signal);
    if ('kind' in passage) return { ok: false, failure: passage };
    const { way, limit, release } = passage;
    const shown = await limit(() => showHostKey(route.last, { way, signal }, this.#shop));
    await release();
    if ('kind' in shown) return { ok: false, failure: shown };
    const { blob } = shown;
    const rule = route.last.hostKeyRule;
    const verdict = this.#shop.hostKeys.judge(rule, blob);
    if (verdict.kind === 'unreadable') return { ok: false, failure: verdict.failure };
    const key = { name: rule.name, keyType: keyType(blob), fingerprint: fingerprint(blob), blob };
    return { ok: true, key, verdict: verdict.kind, rule };
  }

  trustHostKey(scan: HostKeyScan): ConnectFailure | undefined {
    return scan.ok ? this.#shop.hostKeys.learn(scan.rule, scan.key.blob) : scan.failure;
  }

  async #route(target: Target) {
    return await routeTo(target, this.#shop.settings, this.#config);
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
    const args = opensshArgs(target, settings, await this.#config.of(target.address));
    if ('kind' in args) return args;
    const { user, become, address } = target;
    const { capture, connectTimeoutSeconds } = settings;
    const options = { args, address, user, become, limits: capture, nonce, connectTimeoutSeconds };
    return await opensshLimit(() => opensshRemote(options, signal));
  }

  async #openSsh(target: Target, signal: AbortSignal | undefined): Promise<Remote | ConnectFailure> {
    const route = await this.#route(target);
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
const opensshLimit = pLimit(16);

/** A word that a host cannot guess. */
function nonce(): string {
  return randomBytes(8).toString('hex');
}

/** Runs what it is given one after the other. */
function turns(): LoginShop['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (question) => {
    const next = last.then(question);
    last = next.catch(() => undefined);
    return next;
  };
}
