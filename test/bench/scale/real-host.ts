/**
 * What farm hosts answer is what a real host of a lab has answered to the same script: the first host of a kind that
 * sends a script has it run there (its own addresses changed into those of the real one, the answer changed back), all
 * others get that answer with their own addresses. Nothing here knows what a script is about. What a reader gets wrong:
 * this is for looks alone, since a change says what it has seen by a checksum that another host's addresses do not have.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { entryTo, labCalled } from '../../../src/lab/exec.ts';
import { type FarmHost, offset, poolSize } from './fleet-files.ts';

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface Answers {
  /** The answer of one host to one script, whose inside address of its gateway is `hop`. */
  answer(host: FarmHost, hop: string, script: string): Promise<Answer>;
  /** How many scripts a real host has run. */
  asked(): number;
}

/** A word that is new in every script, or an hour: the same script with others of them is the same script. */
const words = /gwf-[0-9a-f]{24}|gwfleet-end-[0-9a-f]+|\b1[789]\d{8}\b/g;

const real = { gateway: '10.0.0.1', webserver: '10.0.1.1', pool: '203.0.113.10' } as const;

export function answersOf(lab: string): Answers {
  const known = new Map<string, Promise<{ readonly answer: Answer; readonly words: readonly string[] }>>();
  return {
    asked: () => known.size,
    answer: async (host, hop, script) => {
      const there = pairsOf(host, hop);
      const asReal = exchanged(script, there);
      const own = [...new Set(asReal.match(words) ?? [])];
      const key = createHash('sha1')
        .update(`${host.kind} ${asReal.replaceAll(words, 'WORD')}`)
        .digest('hex');
      let asked = known.get(key);
      if (asked === undefined) {
        asked = askReal(lab, host.kind, asReal).then((answer) => ({ answer, words: own }));
        known.set(key, asked);
      }
      const { answer, words: theirs } = await asked;
      const back = new Map([
        ...[...there].map(([a, b]) => [b, a] as const),
        ...theirs.map((one, at) => [one, own[at] ?? one] as const),
      ]);
      const { code, stdout, stderr } = answer;
      return { code, stdout: exchanged(stdout, back), stderr: exchanged(stderr, back) };
    },
  };
}

/** The addresses of a farm host beside those of the real one. */
function pairsOf({ kind, inside, pool }: FarmHost, hop: string): ReadonlyMap<string, string> {
  if (kind === 'webserver')
    return new Map([
      [inside, real.webserver],
      [hop, real.gateway],
    ]);
  const pools = Array.from(
    { length: poolSize },
    (_, at) => [offset(pool, at), offset(real.pool, at)] as const,
  );
  return new Map([[inside, real.gateway], ...pools]);
}

function exchanged(text: string, pairs: ReadonlyMap<string, string>): string {
  const all = [...pairs.keys()].map((one) => one.replaceAll('.', '\\.')).join('|');
  return text.replaceAll(new RegExp(`(?<![\\d.])(?:${all})(?!\\.?\\d)`, 'g'), (one) => pairs.get(one) ?? one);
}

/** Over real ssh, so that the host sees a way in. */
function askReal(name: string, kind: FarmHost['kind'], script: string): Promise<Answer> {
  const lab = labCalled(name);
  const options = ['-i', `${lab.folder}/id_ed25519`, '-o', `UserKnownHostsFile=${lab.folder}/known_hosts`];
  const { command, args, env } = entryTo(
    lab,
    'controller',
    ['ssh', '-T', ...options, `root@${real[kind]}`, 'sh -s'],
    {},
  );
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'pipe' });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
      });
    child.on('error', reject).on('close', (code) => resolve({ ...said, code: code ?? 255 }));
    child.stdin.end(script);
  });
}
