/**
 * A way to run scripts on a host. The only thing other rooms know of sockets. Nothing here throws for what a host or
 * a network does: a failed connect and a lost connection are values.
 */
import type { Script } from '../shell/sh.ts';

/**
 * How one script ended. Never a bare null: silence has a name. `not-started` is certain: no line of the script ran
 * (sudo said no, the host refused the channel); after `timed-out` and `connection-lost` nobody knows how far it came.
 */
export type Outcome =
  | { readonly kind: 'done'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | {
      readonly kind: 'not-started';
      readonly cause: string;
      readonly hint?: string;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: 'timed-out'; readonly seconds: number; readonly stdout: string; readonly stderr: string }
  | {
      readonly kind: 'connection-lost';
      readonly cause: string;
      readonly stdout: string;
      readonly stderr: string;
    };

export interface RunOptions {
  /** Wall-clock limit of the whole script. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
  /** Called with all of stdout so far; the first text it returns is written to the script's stdin, once. */
  readonly answer?: (stdout: string) => string | undefined;
  /**
   * `waits`: the shell of this script waits for the next one, which then costs no exec; both share its variables. A way
   * that cannot do that starts a shell for each. Nothing that is answered, or ends its shell, is waited after.
   */
  readonly afterwards?: 'ends' | 'waits';
}

/** One authenticated connection. */
export interface Remote {
  run(script: Script, options: RunOptions): Promise<Outcome>;
  close(): Promise<void>;
}

export type ConnectFailureKind =
  | 'unreachable'
  | 'timed-out'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'authentication-failed'
  | 'key-unusable'
  | 'config-unusable'
  | 'jump-failed';

export interface ConnectFailure {
  readonly kind: ConnectFailureKind;
  /** What happened, in one sentence. */
  readonly message: string;
  /** What to do about it, if something can be said: the `ssh-keygen -R` line. */
  readonly hint?: string;
}

export type Connection =
  | { readonly ok: true; readonly remote: Remote }
  | { readonly ok: false; readonly failure: ConnectFailure };

/** Where and as whom to connect: the inventory's connection variables after defaults. */
export interface Target {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly transport: 'ssh' | 'openssh' | 'local';
  readonly password?: string;
  readonly privateKeyFile?: string;
  readonly sshArgs: readonly string[];
  readonly become: { readonly user: string; readonly password?: string } | null;
  /** Which of these no inventory or option named, so that ~/.ssh/config may still say them. */
  readonly defaulted?: readonly ('address' | 'port' | 'user')[];
}

/** Opens connections for a run and owns what they share (jump hosts, parsed keys, known hosts). */
export interface Connector {
  connect(target: Target, signal?: AbortSignal): Promise<Connection>;
  close(): Promise<void>;
}
