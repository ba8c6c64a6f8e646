/**
 * The key of a host that only the system's ssh can reach: it is asked to learn it into a file of its own, and to log
 * in by no method at all, so that nothing secret is shown to a host that nobody knows.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './child.ts';
import { readKnownHosts } from './known-hosts.ts';
import { optionWords } from './openssh-args.ts';
import { opensshFailure } from './openssh-failure.ts';
import type { ConnectFailure, Target } from './remote.ts';
import type { Settings } from './settings.ts';
import { within } from './time-limit.ts';

export async function opensshHostKey(
  target: Target,
  { settings, signal }: { readonly settings: Settings; readonly signal: AbortSignal | undefined },
): Promise<readonly Buffer[] | ConnectFailure> {
  const folder = await mkdtemp(join(tmpdir(), 'gwfleet-key-'));
  try {
    const file = join(folder, 'known_hosts');
    const said = await askSsh(argsFor(target, settings, file), { settings, signal });
    if (typeof said !== 'string') return said;
    const text = await readFile(file, 'utf8').catch(() => '');
    const blobs = readKnownHosts(file, text).lines.map(({ key }) => key.blob);
    return blobs.length > 0 ? blobs : opensshFailure(target.address, said);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function argsFor(target: Target, settings: Settings, file: string): readonly string[] {
  const { sshConfigFile, connectTimeoutSeconds } = settings;
  return [
    ...['-T', '-n'],
    ...(sshConfigFile === undefined ? [] : ['-F', sshConfigFile ?? 'none']),
    ...optionWords({
      BatchMode: 'yes',
      ControlMaster: 'no',
      ControlPath: 'none',
      UserKnownHostsFile: file,
      GlobalKnownHostsFile: 'none',
      StrictHostKeyChecking: 'accept-new',
      HashKnownHosts: 'no',
      UpdateHostKeys: 'no',
      PreferredAuthentications: 'none',
      ConnectTimeout: String(connectTimeoutSeconds),
    }),
    ...target.sshArgs,
    ...(target.defaulted?.includes('port') === true ? [] : ['-p', String(target.port)]),
    ...['--', target.address, 'true'],
  ];
}

/** What ssh said. It fails whatever happens: no method of logging in is allowed. */
async function askSsh(
  args: readonly string[],
  { settings, signal }: { readonly settings: Settings; readonly signal: AbortSignal | undefined },
): Promise<string | ConnectFailure> {
  const child = runChild('ssh', args);
  const interrupt = () => child.stop();
  signal?.addEventListener('abort', interrupt);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4000);
  });
  child.stdout.resume();
  const seconds = settings.connectTimeoutSeconds * 2;
  const end = await within(seconds, child.end);
  signal?.removeEventListener('abort', interrupt);
  if (end !== 'late') return end.kind === 'lost' ? end.cause : said;
  child.stop();
  return { kind: 'timed-out', message: `ssh showed no host key within ${seconds} s` };
}
