/**
 * The function that writes what a host needs over a restart. All files are staged beside their places and read by the
 * program that will read them at boot; only when all are good do they take their places, each by a rename. What stood
 * there is kept in the guard's folder. A power cut in the middle leaves whole files only.
 */
import { block, feed, type Script, sh } from '../shell/sh.ts';
import type { BootFile, BootPart, BootSetting } from '../tasks/task-type.ts';

/** `boot_files` runs where `$D` is the guard's folder; answers 1 and a sentence when something is not written. */
export function bootFunction(parts: readonly BootPart[]): Script {
  const files = unique(parts.filter((part): part is BootFile => 'path' in part));
  const settings = parts.filter((part): part is BootSetting => !('path' in part));
  const kept = files.filter(({ content }) => content !== null);
  return block(
    sh`boot_files() { :`,
    kept.length === 0 ? sh`` : sh`unstage() { rm -f -- ${kept.map(({ path }) => fresh(path))}; }`,
    ...kept.map(stage),
    ...kept.flatMap(check),
    files.length === 0 ? sh`` : sh`mkdir -p "$D/boot-was"`,
    ...files.map(keepOld),
    ...kept.map(({ path }) => sh`mv -f -- ${fresh(path)} ${path} || return 1`),
    ...files.filter(({ content }) => content === null).map(({ path }) => remove(path)),
    ...settings.map(({ write }) => write),
    sh`}`,
  );
}

/** Two tasks may want the same file (a unit's link): it is written once. */
function unique(files: readonly BootFile[]): readonly BootFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

function stage({ path, mode, content, link }: BootFile): Script {
  const made = sh`mkdir -p -- ${folderOf(path)} || return 1`;
  if (link !== undefined)
    return block(made, sh`rm -f -- ${fresh(path)}; ln -s -- ${link} ${fresh(path)} || return 1`);
  return block(
    made,
    feed(content ?? '', sh`cat >${fresh(path)}`),
    sh`[ $? = 0 ] && chmod ${mode.toString(8)} ${fresh(path)} && { sync ${fresh(path)} 2>/dev/null || sync; } || { unstage; return 1; }`,
  );
}

function check({ path, check: reader }: BootFile): readonly Script[] {
  if (reader === undefined) return [];
  const words = `${path} would be rejected at boot, so nothing is written for a restart`;
  return [
    sh`gwfleet_new=${fresh(path)}`,
    sh`{
${reader}
} || { echo ${words}; unstage; return 1; }`,
  ];
}

function keepOld({ path }: BootFile): Script {
  return sh`[ ! -e ${path} ] || cp -p -- ${path} "$D/boot-was/"${path.slice(1).replaceAll('/', '%')} 2>/dev/null`;
}

/** With the folder, where it was made for files of ours and is empty now. */
function remove(path: string): Script {
  const folder = folderOf(path);
  const made = folder === '/etc/gwfleet' || /\.(?:network|service)\.d$/.test(folder);
  const swept = made ? sh` && { rmdir -- ${folder} 2>/dev/null || :; }` : sh``;
  return sh`rm -f -- ${path}${swept} || return 1`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function fresh(path: string): string {
  return `${path}.gwfleet-new`;
}
