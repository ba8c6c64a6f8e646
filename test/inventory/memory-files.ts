/** A disk for unit tests: paths and texts. Folders follow from the paths. */
import type { Files } from '../../src/source/files.ts';

export function memoryFiles(texts: Readonly<Record<string, string>>): Files {
  const under = (path: string) =>
    Object.keys(texts)
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1).split('/')[0]!);
  return {
    read: (path) => {
      const text = texts[path];
      if (text !== undefined) return { kind: 'text', text };
      return { kind: under(path).length > 0 ? 'folder' : 'missing' };
    },
    list: (path) => (under(path).length > 0 ? [...new Set(under(path))].sort() : undefined),
  };
}
