/**
 * The only place that writes a file of the user's inventory: whole or not at all, with its mode and owner, through
 * symbolic links to the file itself. The text is read afresh, so what an editor saved a moment ago is not lost.
 */
import { realpathSync, statSync } from 'node:fs';
import { type Edit, edited, type Wish } from '../inventory/edit.ts';
import { withText } from '../inventory/edit-meaning.ts';
import type { Files } from '../source/files.ts';
import { diskFiles } from './disk-files.ts';
import { InvalidFiles, UsageError } from './usage.ts';
import { replaceFile } from './whole-file.ts';

/** The disk as it will be when the wishes are fulfilled, one after the other. Throws InvalidFiles when one cannot be. */
export function withWishes(inventory: string, wishes: readonly Wish[], files: Files = diskFiles): Files {
  return wishes.reduce((before, wish) => {
    const edit = certain(edited(before, inventory, wish));
    return withText(before, edit.path, edit.text);
  }, files);
}

/** Fulfils a wish on disk; a wish that is fulfilled already writes nothing. */
export function writeWish(inventory: string, wish: Wish): void {
  writeWishes(inventory, [wish]);
}

/** Fulfils several at once: those of one file in one stroke, so that nobody finds it between two of them. */
export function writeWishes(inventory: string, wishes: readonly Wish[]): void {
  const texts = new Map<string, string>();
  let files: Files = diskFiles;
  for (const wish of wishes) {
    const { path, text } = certain(edited(files, inventory, wish));
    files = withText(files, path, text);
    texts.set(path, text);
  }
  for (const [path, text] of texts) {
    const reading = diskFiles.read(path);
    if (reading.kind !== 'text' || reading.text !== text) writeWhole(path, text);
  }
}

function certain(edit: Edit): Extract<Edit, { path: string }> {
  if ('problem' in edit) throw new InvalidFiles([edit.problem]);
  return edit;
}

function writeWhole(path: string, text: string): void {
  if (!statSync(realpathSync(path)).isFile())
    throw new UsageError(`${path} is not a file that can be written back`);
  try {
    replaceFile(path, text, 'as it was');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path} cannot be written: ${why}`, 'run gwfleet as somebody who may write it');
  }
}
