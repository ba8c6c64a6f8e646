/**
 * The promises of task-type.ts, for every registered type. A type that breaks one is wrong, whatever its own tests say.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { block, type Script, sh, subshell } from '../../src/shell/sh.ts';
import { type AnyTaskType, taskTypes } from '../../src/tasks/registry.ts';
import type { Json, Observation } from '../../src/tasks/task-type.ts';
import { canary, facts, hostileTexts, poisoned, wantedFrom } from './samples.ts';

const ajv = new Ajv({ allErrors: true, strict: false });
const absent: Observation<Json> = { kind: 'absent' };
/** The state of what is not there. */
const bare: Json = null;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwfleet-contract-'));
  mkdirSync(join(folder, 'stubs'));
  writeFileSync(join(folder, 'stubs/true'), '#!/bin/dash\nexit 0\n', { mode: 0o755 });
  const programs = [
    'sh',
    'cat',
    'grep',
    'sed',
    'tr',
    'awk',
    'head',
    'stat',
    'base64',
    'cksum',
    'mktemp',
    'timeout',
  ];
  const tools = [
    'mv',
    'rm',
    'chmod',
    'chown',
    'sleep',
    'sort',
    'wc',
    'cut',
    'sync',
    'bash',
    'nc',
    'python3',
    'perl',
  ];
  for (const name of new Set([...programs, ...tools, ...facts.tools]))
    symlinkSync('true', join(folder, 'stubs', name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([...taskTypes])('task type %s', (name, type) => {
  test('is named as it is registered, and explained', () => {
    expect(type.name).toBe(name);
    expect(type.summary).toMatch(/^\S.{10,90}[^.\s]$/);
    expect(type.doc.length).toBeGreaterThan(200);
    expect(type.examples.length).toBeGreaterThan(0);
    expect(undescribed(type.schema)).toEqual([]);
    if (type.undo !== 'turned') expect(type.undo.impossible).toMatch(/\w+ \w+/);
  });

  test.each(type.examples)('accepts its own example: $title', ({ args }) => {
    const valid = ajv.validate(type.schema, args);
    expect(ajv.errorsText(ajv.errors)).toBe(valid ? 'No errors' : '');
    expect(type.problems(args)).toEqual([]);
    expect(type.object(args)).toMatch(/^\S+( \S+)*$/);
  });

  test.each(type.examples)('has nothing to do where its result is: $title', ({ args }) => {
    const state = wantedFrom(type, args, absent);
    expect(type.changes(state, state)).toEqual([]);
    const again = wantedFrom(type, args, state === null ? absent : { kind: 'present', state });
    expect(type.changes(state, again)).toEqual([]);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  test.each(type.examples)('can be turned: $title', ({ args }) => {
    const state = wantedFrom(type, args, absent);
    const [there, back] = [type.apply(bare, state), type.apply(state, bare)];
    if (type.verifyOnly === undefined && type.changes(bare, state).length > 0)
      expect(there.text).not.toBe('');
    expect(typeof back.text).toBe('string');
    for (const part of type.boot(state, facts)) {
      if (!('path' in part)) continue;
      expect(part.path).toMatch(/^\/(?:etc|usr\/share\/netfilter-persistent)\//);
      expect(part.mode).toBeLessThanOrEqual(0o7777);
    }
  });

  test('writes scripts that dash, busybox ash and shellcheck accept', () => {
    const file = join(folder, `${name}.sh`);
    const scripts = type.examples.flatMap(({ args }) => scriptsOf(type, args));
    writeFileSync(file, `#!/bin/sh\n${together(scripts)}\n`);
    expect(ran('dash', ['-n', file])).toBe('');
    expect(ran('busybox', ['ash', '-n', file])).toBe('');
    // 2030, 2031: a look that a subshell has made stays there. 2086: routes and rules that the host printed are split
    // into words on purpose; 2317: functions called later.
    expect(ran('shellcheck', ['-s', 'sh', '-e', 'SC2030,SC2031,SC2086,SC2317', file])).toBe('');
  }, 60_000);

  test('keeps hostile text inside single words', () => {
    const file = join(folder, `${name}-hostile.sh`);
    const scripts = hostileArgs(type).flatMap((args) => scriptsOf(type, args));
    writeFileSync(file, together(scripts));
    expect(ran('dash', ['-n', file])).toBe('');
    rmSync(join(folder, canary), { force: true });
    const options = { cwd: folder, env: { PATH: join(folder, 'stubs') }, timeout: 60_000 };
    // In namespaces of its own: a redirection into /proc/sys/net or /proc/sys/kernel/hostname needs no program.
    const run = spawnSync('/usr/bin/unshare', ['-n', '-u', '/bin/dash', file], options);
    expect(run.error).toBeUndefined();
    expect(existsSync(join(folder, canary))).toBe(false);
  }, 60_000);

  test('reads garbage without throwing, and never as a lie', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\n', '\0', '\u001b[2J'),
    );
    const outputs = fc.record({ code: fc.integer({ min: 0, max: 255 }), stdout: texts, stderr: texts });
    fc.assert(
      fc.property(outputs, fc.constantFrom(...type.examples), (output, { args }) => {
        const seen = type.read(output, args);
        expect(['present', 'absent', 'unknown']).toContain(seen.kind);
        if (seen.kind === 'unknown') expect(seen.why).not.toBe('');
        if (seen.kind === 'present') expect(type.changes(seen.state, seen.state)).toEqual([]);
        type.desired(args, seen, facts);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test.each(type.examples)('takes silence of a failed probe for unknown: $title', ({ args }) => {
    expect(type.read({ code: 127, stdout: '', stderr: 'sh: not found' }, args).kind).toBe('unknown');
  });
});

/** The type's examples with hostile text in every place where the type itself lets it stand; each once. */
function hostileArgs(type: AnyTaskType): readonly Json[] {
  const all = type.examples.flatMap(({ args }) => hostileTexts.flatMap((poison) => poisoned(args, poison)));
  const different = new Map(all.map((args) => [JSON.stringify(args), args]));
  return [...different.values()].filter(
    (args) => ajv.validate(type.schema, args) && type.problems(args).length === 0,
  );
}

/** All that a type would run for these arguments. */
function scriptsOf(type: AnyTaskType, args: Json): readonly Script[] {
  const state = wantedFrom(type, args, absent);
  return [type.probe(args), type.apply(bare, state), type.apply(state, bare)];
}

function together(scripts: readonly Script[]): string {
  return block(...scripts.filter(({ text }) => text !== '').map((script) => subshell(script)), sh`exit 0`)
    .text;
}

function ran(program: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 });
  if (error !== undefined) throw error;
  return status === 0 ? '' : `${stdout}${stderr}`;
}

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly patternProperties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
}

/** Paths of properties without a description, in nested objects too. */
function undescribed(schema: Described, path = ''): readonly string[] {
  const named = Object.entries({ ...schema.properties, ...schema.patternProperties });
  const inner = [...(schema.items === undefined ? [] : [schema.items]), ...(schema.anyOf ?? [])];
  return [
    ...named.flatMap(([key, sub]) => [
      ...(sub.description === undefined ? [`${path}.${key}`] : []),
      ...undescribed(sub, `${path}.${key}`),
    ]),
    ...inner.flatMap((sub) => undescribed(sub, path)),
  ];
}
