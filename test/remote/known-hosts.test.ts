import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  fingerprint,
  hashedName,
  judge,
  keysFor,
  knownLine,
  knownName,
  readKnownHosts,
} from '../../src/remote/known-hosts.ts';

const types = ['ed25519', 'ecdsa', 'rsa'] as const;
let folder: string;
const keys: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwfleet-known-'));
  for (const type of types) {
    const file = join(folder, type);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file]);
    keys.push(readFileSync(`${file}.pub`, 'utf8').trim());
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const label = fc.constantFrom(
  'gw1',
  'GW1',
  'gw10',
  'a.example',
  'b.example',
  '10.0.0.1',
  '10.0.0.12',
  '[gw1]:2222',
);
const pattern = fc.oneof(
  { weight: 3, arbitrary: label },
  {
    weight: 1,
    arbitrary: fc.constantFrom('*', 'gw?', '*.example', '10.0.0.*', '[*]:2222', 'g*w*1', '[gw?]:22*', ''),
  },
);
const negated = fc.tuple(fc.boolean(), pattern).map(([no, name]) => (no ? `!${name}` : name));
/** Salts of any length, and hashes that are none. */
const hashed = fc
  .oneof(
    { weight: 4, arbitrary: fc.tuple(label, fc.uint8Array({ minLength: 20, maxLength: 20 })) },
    { weight: 1, arbitrary: fc.constantFrom('|1|', '|1||', '|2|AAAA|BBBB', '|1|!!|!!') },
  )
  .map((made) => (typeof made === 'string' ? made : hashedName(made[0].toLowerCase(), Buffer.from(made[1]))));
const entry = fc.record({
  marker: fc.constantFrom('', '', '', '@revoked ', '@cert-authority ', '@other '),
  names: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(negated, { minLength: 1, maxLength: 4 }).map((names) => names.join(',')),
    },
    { weight: 2, arbitrary: hashed },
  ),
  key: fc.nat(2),
  space: fc.constantFrom(' ', '\t', '  '),
  end: fc.constantFrom('', ' a comment', ' two words'),
  lead: fc.constantFrom('', '', ' ', '\t'),
});
const noise = fc.constantFrom(
  '',
  '# comment',
  'gw1',
  'gw1 ssh-ed25519',
  'gw1 ssh-ed25519 !!!',
  'gw1 ssh-rsa AAAA',
);

describe('look-ups', () => {
  test('find the lines that ssh-keygen -F finds', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, noise), { maxLength: 12 }), label, (entries, name) => {
        const text = entries.map((one) => (typeof one === 'string' ? one : lineOf(one))).join('\n');
        // ssh-keygen -F also shows lines whose key no ssh could use; ssh itself passes them over.
        const usable = oracle(text, name).filter((line) => typeof entries[line - 1] !== 'string');
        expect(ours(text, name)).toEqual(usable);
      }),
      { numRuns: 100 },
    );
  });

  test('take markers as ssh-keygen -F does, and never trust what is revoked or only an authority', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 10 }), label, fc.nat(2), (entries, name, key) => {
        const text = entries.map(lineOf).join('\n');
        const found = keysFor(name.toLowerCase(), readKnownHosts('f', text));
        expect(found.map(({ marker, line }) => `${line} ${marker}`)).toEqual(oracleMarkers(text, name));
        const trusted = entries.some(
          ({ marker, key: of }, i) => marker === '' && of === key && isFound(found, i),
        );
        const revoked = entries.some(
          ({ marker, key: of }, i) => marker === '@revoked ' && of === key && isFound(found, i),
        );
        const { kind } = judge(found, blob(key));
        expect(kind === 'revoked').toBe(revoked);
        expect(kind === 'known').toBe(trusted && !revoked);
      }),
      { numRuns: 100 },
    );
  });

  test('find hashed names as ssh-keygen -H makes them', () => {
    const names = ['gw1', '10.0.0.1', '[gw1]:2222', 'a.example'];
    const file = join(folder, 'hashed');
    writeFileSync(file, names.map((name, i) => `${name} ${keys[i % 3] ?? ''}\n`).join(''));
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('gw1');
    for (const name of [...names, 'gw2', '[gw1]:22']) expect(ours(text, name)).toEqual(oracle(text, name));
    expect(ours(text, '10.0.0.1')).toEqual([2]);
  });

  test('use the lower-case name, and brackets for another port', () => {
    expect(knownName('GW1.Example', 22)).toBe('gw1.example');
    expect(knownName('GW1', 2222)).toBe('[gw1]:2222');
    expect(knownName('fd00::1', 22)).toBe('fd00::1');
  });

  test('of a thousand hosts are found in a large file', () => {
    const text = Array.from({ length: 5000 }, (_, i) => `host${i} ${keys[0] ?? ''}`).join('\n');
    const known = readKnownHosts('f', text);
    for (let i = 0; i < 1000; i += 1) expect(keysFor(`host${i}`, known)).toHaveLength(1);
  });
});

describe('verdicts', () => {
  test('a key of a known host is known, another is changed, also one of another type', () => {
    const known = keysFor('gw1', readKnownHosts('f', `gw1 ${keys[0] ?? ''}\n`));
    expect(judge(known, blob(0)).kind).toBe('known');
    expect(judge(known, blob(1)).kind).toBe('changed');
    expect(judge([], blob(0)).kind).toBe('unknown');
  });

  test('a revoked key is revoked wherever else it is known', () => {
    const text = `gw1 ${keys[0] ?? ''}\n@revoked * ${keys[0] ?? ''}\n`;
    const verdict = judge(keysFor('gw1', readKnownHosts('f', text)), blob(0));
    expect(verdict).toMatchObject({ kind: 'revoked', by: { line: 2 } });
  });

  test('a certificate authority makes no plain key known, and is told', () => {
    const known = keysFor('gw1', readKnownHosts('f', `@cert-authority *,!x ${keys[0] ?? ''}`));
    expect(judge(known, blob(0))).toMatchObject({ kind: 'unknown', authority: { line: 1 } });
  });

  test('fingerprints and written lines are those of ssh-keygen', () => {
    for (const [i, type] of types.entries()) {
      const said = execFileSync('ssh-keygen', ['-l', '-f', join(folder, `${type}.pub`)], {
        encoding: 'utf8',
      });
      expect(said.split(' ')[1]).toBe(fingerprint(blob(i)));
      expect(knownLine('gw1', blob(i))).toBe(`gw1 ${keys[i] ?? ''}\n`);
    }
  });
});

type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

function lineOf({ marker, names, key, space, end, lead }: Entry): string {
  return `${lead}${marker}${names}${space}${(keys[key] ?? '').replace(' ', space)}${end}`;
}

function blob(index: number): Buffer {
  return Buffer.from((keys[index] ?? '').split(' ')[1] ?? '', 'base64');
}

function ours(text: string, name: string): number[] {
  return keysFor(name.toLowerCase(), readKnownHosts('f', text)).map(({ line }) => line);
}

function isFound(found: readonly { readonly line: number }[], index: number): boolean {
  return found.some(({ line }) => line === index + 1);
}

function oracleMarkers(text: string, name: string): string[] {
  const file = join(folder, 'asked');
  writeFileSync(file, `${text}\n`);
  const { stdout } = spawnSync('ssh-keygen', ['-F', name.toLowerCase(), '-f', file], { encoding: 'utf8' });
  const words: Readonly<Record<string, string>> = { CA: 'cert-authority', REVOKED: 'revoked' };
  return [...stdout.matchAll(/found: line (\d+) ?(\S*)/g)].map(
    ([, line, marker = '']) => `${line} ${words[marker] ?? 'none'}`,
  );
}

function oracle(text: string, name: string): number[] {
  const file = join(folder, 'asked');
  writeFileSync(file, `${text}\n`);
  const { stdout } = spawnSync('ssh-keygen', ['-F', name.toLowerCase(), '-f', file], { encoding: 'utf8' });
  return [...stdout.matchAll(/found: line (\d+)/g)].map((match) => Number(match[1]));
}
