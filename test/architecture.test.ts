/** The room table of the design, compared with the import lines of src; and what pure rooms must not know. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');

/** Who may look into which room. `address` is open to all. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  cli: [
    ...['fleet', 'guard', 'inventory', 'lab', 'plan', 'playbook', 'remote', 'render', 'report', 'run'],
    ...['shell', 'source', 'tasks'],
  ],
  render: ['report', 'fleet'],
  run: ['report', 'guard', 'plan', 'playbook', 'fleet', 'tasks', 'shell'],
  guard: ['plan', 'tasks', 'shell'],
  plan: ['playbook', 'fleet', 'tasks', 'shell'],
  playbook: ['inventory', 'tasks', 'source'],
  fleet: ['inventory', 'source'],
  tasks: ['shell'],
  inventory: ['source'],
  report: [],
  remote: ['shell'],
  lab: ['shell'],
  shell: [],
  source: [],
  address: [],
};

/** Arrows for one file or for types only: each with its reason. */
const exceptions: readonly { from: string; to: string; typesOnly: boolean; why: string }[] = [
  { from: 'plan/', to: 'source/', typesOnly: true, why: 'places of tasks' },
  { from: 'run/', to: 'source/', typesOnly: true, why: 'places of failures' },
  { from: 'run/', to: 'remote/remote.ts', typesOnly: true, why: 'the interface, never a socket' },
  {
    from: 'render/',
    to: 'plan/',
    typesOnly: false,
    why: 'folding and counting are pure and made to be drawn',
  },
];

interface Line {
  readonly file: string;
  readonly target: string;
  readonly typesOnly: boolean;
}

interface File {
  readonly name: string;
  readonly text: string;
  readonly imports: readonly Line[];
}

const files: readonly File[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => {
    const text = readFileSync(join(src, name), 'utf8');
    return { name, text, imports: importsOf(name, text) };
  });

function importsOf(file: string, text: string): readonly Line[] {
  const statements = text.matchAll(
    /^(import|export)\s+(type\s+)?([^;'"]*?from\s*)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return [...statements].map(([, , type, names = '', from, dynamic]) => {
    const specifier = from ?? dynamic ?? '';
    const target = specifier.startsWith('.')
      ? relative(src, normalize(join(src, dirname(file), specifier)))
      : specifier;
    return { file, target, typesOnly: type !== undefined || onlyTypes(names) };
  });
}

/** `{ type A, type B } from`. */
function onlyTypes(names: string): boolean {
  const inside = /^\{([^}]*)\}/.exec(names.trim())?.[1]?.split(',') ?? [];
  const given = inside.map((name) => name.trim()).filter(Boolean);
  return given.length > 0 && given.every((name) => name.startsWith('type '));
}

const roomOf = (path: string): string => path.split('/')[0] ?? '';
const inside = files.flatMap(({ imports }) => imports).filter(({ target }) => /\.tsx?$/.test(target));
const code = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

describe('rooms', () => {
  it('are all in the table', () => {
    expect([...new Set(files.map(({ name }) => roomOf(name)))].filter((room) => !(room in arrows))).toEqual(
      [],
    );
  });

  it('look only into the rooms that the table names', () => {
    const wrong = inside.filter(({ file, target, typesOnly }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from === to || to === 'address' || arrows[from]?.includes(to) === true) return false;
      return !exceptions.some(
        (exception) =>
          file.startsWith(exception.from) &&
          target.startsWith(exception.to) &&
          (typesOnly || !exception.typesOnly),
      );
    });
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('need every exception that is written down', () => {
    const unused = exceptions.filter(
      ({ from, to }) => !inside.some(({ file, target }) => file.startsWith(from) && target.startsWith(to)),
    );
    expect(unused).toEqual([]);
  });
});

const pure = 'source inventory playbook fleet tasks shell address plan guard report'.split(' ');
const impure =
  /\b(?:process\.|console\.|Date\.now|new Date\(\)|Math\.random|performance\.|setTimeout|globalThis)/;

describe('pure rooms', () => {
  const pureFiles = files.filter(({ name }) => pure.includes(roomOf(name)));

  it('import nothing of Node', () => {
    const wrong = pureFiles
      .flatMap(({ imports }) => imports)
      .filter(({ target }) => target.startsWith('node:'));
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('know no clock, no chance, no process and no console', () => {
    expect(pureFiles.filter(({ text }) => impure.test(code(text))).map(({ name }) => name)).toEqual([]);
  });
});

describe('keys of single rooms', () => {
  it('leave sockets to remote', () => {
    const wrong = inside
      .concat(files.flatMap(({ imports }) => imports))
      .filter(({ file, target }) => /^(?:node-ssh|ssh2)\b/.test(target) && roomOf(file) !== 'remote');
    expect(wrong).toEqual([]);
  });

  it('leave the opening of connections to cli/way-in.ts, which asks beforehand', () => {
    const wrong = inside.filter(
      ({ target, file, typesOnly }) =>
        target === 'remote/connector.ts' && !typesOnly && file !== 'cli/way-in.ts',
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it('leave the making of shell text to shell', () => {
    const wrong = files.filter(({ name, text }) => /\bas Script\b/.test(text) && roomOf(name) !== 'shell');
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});
