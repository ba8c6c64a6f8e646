/**
 * In which order a host is offered what we have: the named key, the ssh-agent, the user's default keys, the password.
 * A named key limits the ssh-agent to that key (IdentitiesOnly): a full ssh-agent would use up the host's six tries.
 */
import { existsSync } from 'node:fs';
import ssh2, { type AnyAuthMethod, type IdentityCallback, type ParsedKey } from 'ssh2';
import { hasCertificate, type PrivateKeys, publicKeyBeside } from './private-keys.ts';
import type { ConnectFailure } from './remote.ts';

export interface LoginWish {
  readonly user: string;
  /** Named by the inventory, an option or ssh_config: must be usable. */
  readonly namedKeys: readonly string[];
  /** Tried when there. */
  readonly defaultKeys: readonly string[];
  readonly agentSocket: string | undefined;
  readonly password: string | undefined;
}

export interface LoginMethods {
  readonly methods: readonly AnyAuthMethod[];
  /** The same in words, for the error. */
  readonly tried: readonly string[];
  readonly hint?: string;
}

/** sshd's MaxAuthTries is 6; one is left for the password. */
const agentKeysAtMost = 5;

export async function loginMethods(
  wish: LoginWish,
  keys: PrivateKeys,
): Promise<LoginMethods | ConnectFailure> {
  const { user, namedKeys, defaultKeys, agentSocket, password } = wish;
  const list: Listed = { methods: [], tried: [] };
  for (const file of namedKeys) {
    const failure = await addNamed(list, { user, file, agentSocket }, keys);
    if (failure !== undefined) return failure;
  }
  if (namedKeys.length === 0) {
    if (agentSocket !== undefined && (await agentHas(agentSocket, undefined))) {
      list.methods.push({ type: 'agent', username: user, agent: new FilteredAgent(agentSocket, undefined) });
      list.tried.push('the keys of the ssh-agent');
    }
    for (const file of defaultKeys.filter((name) => existsSync(name)))
      await addDefault(list, user, file, keys);
  }
  if (password !== undefined) addPassword(list, user, password);
  if (list.methods.length === 0) return nothingToOffer(list, defaultKeys);
  const certified = [...namedKeys, ...defaultKeys].find(hasCertificate);
  if (certified === undefined) return list;
  return { ...list, hint: `the certificate of ${certified} needs ansible_connection: openssh` };
}

interface Listed {
  readonly methods: AnyAuthMethod[];
  readonly tried: string[];
}

async function addNamed(
  list: Listed,
  { user, file, agentSocket }: { user: string; file: string; agentSocket: string | undefined },
  keys: PrivateKeys,
): Promise<ConnectFailure | undefined> {
  const publicKey = agentSocket === undefined ? undefined : publicKeyBeside(file);
  if (agentSocket !== undefined && publicKey !== undefined && (await agentHas(agentSocket, publicKey))) {
    list.methods.push({ type: 'agent', username: user, agent: new FilteredAgent(agentSocket, publicKey) });
    list.tried.push(`${file} from the ssh-agent`);
    return undefined;
  }
  const loading = await keys.load(file);
  if (loading.kind !== 'key') return loading.failure;
  addKey(list, user, loading);
  return undefined;
}

async function addDefault(list: Listed, user: string, file: string, keys: PrivateKeys): Promise<void> {
  const loading = await keys.load(file);
  if (loading.kind === 'key') addKey(list, user, loading);
  else list.tried.push(`not ${loading.failure.message.replace(/^the private key /, '')}`);
}

function addKey(list: Listed, user: string, { file, key }: { file: string; key: ParsedKey }): void {
  list.methods.push({ type: 'publickey', username: user, key });
  list.tried.push(`${file} (${key.type})`);
}

function addPassword(list: Listed, user: string, password: string): void {
  list.methods.push({ type: 'password', username: user, password });
  list.methods.push({
    type: 'keyboard-interactive',
    username: user,
    prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password)),
  });
  list.tried.push('the password');
}

function nothingToOffer(list: Listed, defaultKeys: readonly string[]): ConnectFailure {
  const why = list.tried.length > 0 ? list.tried.join('; ') : `none of ${defaultKeys.join(', ')} exists`;
  return {
    kind: 'key-unusable',
    message: `there is nothing to log in with: no ssh-agent, no password, and ${why}`,
    hint: 'name a key with ansible_ssh_private_key_file or --private-key',
  };
}

/** Also says no when nobody answers at the socket: the library would make that the end of the login. */
async function agentHas(socket: string, publicKey: ParsedKey | undefined): Promise<boolean> {
  return await new Promise((resolve) => {
    new FilteredAgent(socket, publicKey).getIdentities((error, found) => {
      resolve(!error && found !== undefined && found.length > 0);
    });
  });
}

class FilteredAgent extends ssh2.OpenSSHAgent {
  readonly #only: ParsedKey | undefined;

  constructor(socket: string, only: ParsedKey | undefined) {
    super(socket);
    this.#only = only;
  }

  override getIdentities(give: IdentityCallback<ParsedKey>): void {
    super.getIdentities((error, found) => {
      const only = this.#only?.getPublicSSH();
      if (error || found === undefined) give(error, found);
      else if (only === undefined) give(undefined, found.slice(0, agentKeysAtMost));
      else
        give(
          undefined,
          found.filter((key) => 'getPublicSSH' in key && key.getPublicSSH().equals(only)),
        );
    });
  }
}
