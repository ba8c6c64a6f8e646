/** Small words that several verbs say. */
import { relative } from 'node:path';

/** A path from here where that is shorter and does not climb; else as it is. */
export function nearPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}

/** `1 host`, `3 hosts`. */
export function hostWord(count: number): string {
  return `${count} ${count === 1 ? 'host' : 'hosts'}`;
}
