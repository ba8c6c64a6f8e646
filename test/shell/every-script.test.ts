/**
 * No script is forgotten by the lint: every sh`` of the sources is looked for, and each must have been part of a script
 * that dash, busybox ash and shellcheck accept. A new script fails here until it is among `scripts`.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test, vi } from 'vitest';

const made = vi.hoisted(() => new Set<string>());

vi.mock('../../src/shell/sh.ts', async (original) => {
  const real = await original<typeof import('../../src/shell/sh.ts')>();
  const sh: typeof real.sh = (strings, ...values) => {
    made.add(strings.raw.join('\0'));
    return real.sh(strings, ...values);
  };
  return { ...real, sh };
});

const { scripts } = await import('./every-script.ts');
const source = fileURLToPath(new URL('../../src', import.meta.url));

/** What shellcheck says in spite of a reason. */
const excluded = [
  'SC1003', // a whole script may stand in quotes
  'SC1007', // `slot= tries=0` sets the first to nothing, as meant
  'SC1090', // "$D/plan" is written by us just before it is read
  'SC1091', // and is not there when shellcheck looks
  'SC2012', // ls of names that we have made ourselves, sorted by time in the name
  'SC2013', // ids of tasks have no blanks
  'SC2015', // a && b || c where b cannot fail
  'SC2016', // programs for awk and sh stand in single quotes
  'SC2030', // a look that a subshell has made stays there
  'SC2031',
  'SC2034', // variables that only the engine reads
  'SC2043', // a list that happens to have one word
  'SC2046', // words of a command, split on purpose
  'SC2086', // routes, rules and lists of words without blanks: splitting is meant
  'SC2116', // $(echo $moved): turns lines into words
  'SC2154', // its variables come from "$D/plan"
  'SC2162', // the name of a verdict has no backslash
  'SC2174', // /run is always there
  'SC2181', // $? after a here-document is plainer than a command with one inside `if`
  'SC2317', // functions that are called by a name put together
  'SC2329', // the same in newer versions
].join(',');

describe.each(scripts())('%s', (_, script) => {
  test.each([
    ['dash', ['-n']],
    ['busybox', ['ash', '-n']],
    ['shellcheck', ['-s', 'sh', '-e', excluded, '-']],
  ])(
    'is understood by %s',
    (program, args) => {
      const { error, status, stdout, stderr } = spawnSync(program, args, { input: script, encoding: 'utf8' });
      expect(error).toBeUndefined();
      expect(`${stdout}${stderr}`).toBe('');
      expect(status).toBe(0);
    },
    60_000,
  );
});

test('every piece of shell in the sources is in one of them', () => {
  const pieces = sources(source).flatMap(piecesOf);
  expect(pieces.length).toBeGreaterThan(200);
  expect(pieces.filter(({ key }) => !made.has(key)).map(({ place }) => place)).toEqual([]);
});

/** The lab builds this machine's own namespaces; its scripts reach no host. */
function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('lab/') && name !== 'shell/sh.ts')
    .map((name) => join(folder, name));
}

function piecesOf(file: string): readonly { readonly key: string; readonly place: string }[] {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: { key: string; place: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'sh') {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
      found.push({ key: rawOf(node.template), place: `${relative(source, file)}:${line + 1}` });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** As the engine gives it to a tag: without the back-ticks and the marks of what is put in. */
function rawOf(template: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.getText().slice(1, -1);
  const spans = template.templateSpans.map(({ literal }) =>
    literal
      .getText()
      .replace(/^\}/, '')
      .replace(/(?:`|\$\{)$/, ''),
  );
  return [template.head.getText().slice(1, -2), ...spans].join('\0');
}
