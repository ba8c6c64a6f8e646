/**
 * In which order a host is offered what we have: the named keys, or else the keys of the ssh-agent and the user's
 * default keys; then the password. A named key limits the ssh-agent to that key (IdentitiesOnly). A default key that
 * needs a passphrase is asked for only when nothing else lets in.
 */
import { existsSync } from 'node:fs';
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { agentKeys, SingleKeyAgent } from './agent-keys.ts';
import { hasCertificate, type PrivateKeys, publicKeyOf } from './private-keys.ts';
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

/** One thing to offer, and the same in words. */
export interface LoginMethod {
  readonly method: AnyAuthMethod;
  readonly words: string;
}

export interface LoginMethods {
  readonly methods: readonly LoginMethod[];
  /** What cannot be offered, and why. */
  readonly missing: readonly string[];
  /** Keys behind a passphrase: asks. */
  readonly later: () => Promise<readonly LoginMethod[]>;
  readonly hint?: string;
}

export async function loginMethods(
  wish: LoginWish,
  keys: PrivateKeys,
): Promise<LoginMethods | ConnectFailure> {
  const { namedKeys, defaultKeys } = wish;
  const listed = namedKeys.length > 0 ? await ofNamed(wish, keys) : await ofDefaults(wish, keys);
  if ('kind' in listed) return listed;
  const { missing, later = nothing } = listed;
  const methods = [...listed.methods, ...passwordMethods(wish)];
  if (methods.length === 0 && later === nothing) return nothingToOffer(missing, wish);
  const certified = [...namedKeys, ...defaultKeys].find(hasCertificate);
  const hint =
    certified === undefined
      ? {}
      : { hint: `the certificate of ${certified} needs ansible_connection: openssh` };
  return { methods, missing, later, ...hint };
}

interface Listed {
  readonly methods: readonly LoginMethod[];
  readonly missing: readonly string[];
  readonly later?: LoginMethods['later'];
}

const nothing: LoginMethods['later'] = () => Promise.resolve([]);

async function ofNamed(
  { user, namedKeys, agentSocket }: LoginWish,
  keys: PrivateKeys,
): Promise<Listed | ConnectFailure> {
  const inAgent = await agentKeys(agentSocket);
  const methods: LoginMethod[] = [];
  for (const file of namedKeys) {
    const held = inAgent.find((key) => isSame(key, publicKeyOf(file)));
    if (held !== undefined && agentSocket !== undefined) {
      methods.push(
        agentMethod(user, { socket: agentSocket, key: held, words: `${file} from the ssh-agent` }),
      );
      continue;
    }
    const loading = await keys.load(file);
    if (loading.kind !== 'key') return loading.failure;
    methods.push(keyMethod(user, loading));
  }
  return { methods, missing: [] };
}

async function ofDefaults({ user, defaultKeys, agentSocket }: LoginWish, keys: PrivateKeys): Promise<Listed> {
  const inAgent = await agentKeys(agentSocket);
  const files = defaultKeys.filter((file) => existsSync(file));
  const isOurs = (key: ParsedKey) => files.some((file) => isSame(key, publicKeyOf(file)));
  // As ssh does it: first the agent's keys that are also default keys, then its others.
  const ordered = [...inAgent.filter(isOurs), ...inAgent.filter((key) => !isOurs(key))];
  const socket = agentSocket ?? '';
  const methods = ordered.map((key) =>
    agentMethod(user, { socket, key, words: `${key.comment || key.type} from the ssh-agent` }),
  );
  const missing: string[] = [];
  const locked: string[] = [];
  for (const file of files.filter((name) => !inAgent.some((key) => isSame(key, publicKeyOf(name))))) {
    const loading = keys.isLocked(file) ? 'locked' : await keys.load(file);
    if (loading === 'locked') locked.push(file);
    else if (loading.kind === 'key') methods.push(keyMethod(user, loading));
    else missing.push(`not ${loading.failure.message.replace(/^the private key /, '')}`);
  }
  if (locked.length === 0) return { methods, missing };
  return { methods, missing, later: () => unlocked(user, locked, keys) };
}

async function unlocked(
  user: string,
  files: readonly string[],
  keys: PrivateKeys,
): Promise<readonly LoginMethod[]> {
  const methods: LoginMethod[] = [];
  for (const file of files) {
    const loading = await keys.load(file);
    if (loading.kind === 'key') methods.push(keyMethod(user, loading));
  }
  return methods;
}

function keyMethod(user: string, { file, key }: { file: string; key: ParsedKey }): LoginMethod {
  return { method: { type: 'publickey', username: user, key }, words: `${file} (${key.type})` };
}

function agentMethod(
  user: string,
  { socket, key, words }: { socket: string; key: ParsedKey; words: string },
): LoginMethod {
  return { method: { type: 'agent', username: user, agent: new SingleKeyAgent(socket, key) }, words };
}

function passwordMethods({ user, password }: LoginWish): readonly LoginMethod[] {
  if (password === undefined) return [];
  const words = 'the password';
  const prompt: Extract<AnyAuthMethod, { type: 'keyboard-interactive' }>['prompt'] = (
    _name,
    _instructions,
    _lang,
    prompts,
    finish,
  ) => finish(prompts.map(() => password));
  return [
    { method: { type: 'password', username: user, password }, words },
    { method: { type: 'keyboard-interactive', username: user, prompt }, words },
  ];
}

function isSame(key: ParsedKey, other: Buffer | undefined): boolean {
  return other !== undefined && key.getPublicSSH().equals(other);
}

function nothingToOffer(missing: readonly string[], { defaultKeys }: LoginWish): ConnectFailure {
  const why = missing.length > 0 ? missing.join('; ') : `none of ${defaultKeys.join(', ')} exists`;
  return {
    kind: 'key-unusable',
    message: `there is nothing to log in with: no ssh-agent, no password, and ${why}`,
    hint: 'name a key with ansible_ssh_private_key_file or --private-key',
  };
}
