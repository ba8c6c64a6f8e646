/**
 * Sessions with jump hosts, one for each way through them, shared by all hosts behind and closed when the last of
 * these is done. sshd drops new connections while ten are not logged in yet (MaxStartups), so at most eight logins go
 * to one sshd at once.
 */
import type { Duplex } from 'node:stream';
import pLimit, { type LimitFunction } from 'p-limit';
import type { ConnectFailure } from './remote.ts';
import type { Hop } from './route.ts';
import { openSocket } from './socket.ts';
import { type LoginShop, logIn, type Way } from './ssh-login.ts';
import { SshSession } from './ssh-session.ts';
import { within } from './time-limit.ts';

/** A way to the next hop, and what to do when the connection over it is closed. */
export interface Passage {
  readonly way: Way;
  readonly limit: LimitFunction;
  readonly release: () => Promise<void>;
}

interface Jump {
  readonly opening: Promise<SshSession | ConnectFailure>;
  users: number;
}

/** To one sshd. */
export const loginsAtOnce = 8;

export class JumpHosts {
  readonly #shop: LoginShop;
  readonly #jumps = new Map<string, Jump>();
  readonly #limits = new Map<string, LimitFunction>();

  constructor(shop: LoginShop) {
    this.#shop = shop;
  }

  /** The way to `hop` through these jump hosts; none of them: straight by TCP. */
  async passage(jumps: readonly Hop[], hop: Hop, signal?: AbortSignal): Promise<Passage | ConnectFailure> {
    const last = jumps.at(-1);
    if (last === undefined) return this.#straight(hop, signal);
    const key = jumps.map(({ address, port, login }) => `${login.user}@${address}:${port}`).join(',');
    const jump = await this.#borrow(key, jumps.slice(0, -1), last);
    const session = await jump.opening;
    const release = () => this.#release(key, jump);
    if (!(session instanceof SshSession)) {
      await release();
      return {
        kind: 'jump-failed',
        message: `the jump host ${last.address} failed: ${session.message}`,
        ...hintOf(session),
      };
    }
    const way: Way = {
      open: async () => await this.#through(session, { last, hop }),
      broken: () => (session.isClosed ? brokenJump(last, session) : undefined),
    };
    return { way, limit: this.#limitOf(`${key},${hop.address}:${hop.port}`), release };
  }

  async close(): Promise<void> {
    const jumps = [...this.#jumps.values()].reverse();
    this.#jumps.clear();
    for (const { opening } of jumps) close(await opening);
  }

  #straight(hop: Hop, signal: AbortSignal | undefined): Passage {
    const { connectTimeoutSeconds } = this.#shop.settings;
    const way: Way = {
      open: async () => await openSocket(hop, { connectTimeoutSeconds, signal }),
      broken: () => undefined,
    };
    return { way, limit: this.#limitOf(`${hop.address}:${hop.port}`), release: () => Promise.resolve() };
  }

  #limitOf(destination: string): LimitFunction {
    const limit = this.#limits.get(destination) ?? pLimit(loginsAtOnce);
    this.#limits.set(destination, limit);
    return limit;
  }

  async #through(
    session: SshSession,
    { last, hop }: { last: Hop; hop: Hop },
  ): Promise<Duplex | ConnectFailure> {
    const where = `${hop.address} port ${hop.port} through ${last.address}`;
    const { connectTimeoutSeconds } = this.#shop.settings;
    const opening = session.forward(hop.address, hop.port);
    const channel = await within(connectTimeoutSeconds, opening);
    if (channel === 'late') {
      void opening.then((late) => late instanceof Error || late.destroy());
      return { kind: 'timed-out', message: `${where} did not answer within ${connectTimeoutSeconds} s` };
    }
    if (!(channel instanceof Error)) return channel.on('error', () => undefined);
    if (session.isClosed) return { kind: 'jump-failed', message: brokenJump(last, session) };
    return { kind: 'unreachable', message: `cannot reach ${where}: ${channel.message}` };
  }

  async #borrow(key: string, before: readonly Hop[], hop: Hop): Promise<Jump> {
    const present = this.#jumps.get(key);
    if (present !== undefined) {
      present.users += 1;
      const session = await present.opening;
      if (session instanceof SshSession && !session.isClosed) return present;
      present.users -= 1;
      // Everybody who waited for a failed one shares its failure; a later one tries anew.
      if (this.#jumps.get(key) === present) this.#jumps.delete(key);
      if (!(session instanceof SshSession)) return { ...present, users: 1 };
    }
    const again = this.#jumps.get(key);
    if (again !== undefined) return await this.#borrow(key, before, hop);
    const jump: Jump = { opening: this.#open(before, hop), users: 1 };
    this.#jumps.set(key, jump);
    return jump;
  }

  async #open(before: readonly Hop[], hop: Hop): Promise<SshSession | ConnectFailure> {
    const passage = await this.passage(before, hop);
    if ('kind' in passage) return passage;
    const session = await passage.limit(() => logIn(hop, { way: passage.way }, this.#shop));
    if (session instanceof SshSession) void session.closed.then(passage.release);
    else await passage.release();
    return session;
  }

  async #release(key: string, jump: Jump): Promise<void> {
    jump.users -= 1;
    if (jump.users > 0) return;
    if (this.#jumps.get(key) === jump) this.#jumps.delete(key);
    close(await jump.opening);
  }
}

function close(session: SshSession | ConnectFailure): void {
  if (session instanceof SshSession) session.close();
}

function brokenJump({ address }: Hop, session: SshSession): string {
  return `the connection to the jump host ${address} was lost: ${session.cause}`;
}

function hintOf({ hint }: ConnectFailure): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
