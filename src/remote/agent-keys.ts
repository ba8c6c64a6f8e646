/**
 * The keys of the ssh-agent, each offered by itself: the library would offer all of a full ssh-agent at once, and use
 * up the host's tries (MaxAuthTries).
 */
import ssh2, { type IdentityCallback, type ParsedKey } from 'ssh2';
import { within } from './time-limit.ts';

/** None when nobody answers at the socket: the library would make that the end of the login. */
export async function agentKeys(socket: string | undefined): Promise<readonly ParsedKey[]> {
  if (socket === undefined) return [];
  const asking = new Promise<readonly ParsedKey[]>((resolve) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, found) => {
      const keys = error || found === undefined ? [] : found;
      resolve(keys.filter((key): key is ParsedKey => 'getPublicSSH' in key));
    });
  });
  const keys = await within(agentSeconds, asking);
  return keys === 'late' ? [] : keys;
}

/** An ssh-agent behind a forwarded socket whose other end has gone says nothing. */
const agentSeconds = 5;

export class SingleKeyAgent extends ssh2.OpenSSHAgent {
  readonly #key: ParsedKey;

  constructor(socket: string, key: ParsedKey) {
    super(socket);
    this.#key = key;
  }

  override getIdentities(give: IdentityCallback<ParsedKey>): void {
    give(undefined, [this.#key]);
  }
}
