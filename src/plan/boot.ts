/**
 * Live state and boot state are separate facts: what a task's files at boot should be beside what lies on the host. A
 * host whose live state is right and whose files are not has drifted, and a plan says so.
 */

import { isLookedFor } from '../tasks/boot/boot-probe.ts';
import type { Facts } from '../tasks/facts.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import type { BootFile, BootPart, Change, Json } from '../tasks/task-type.ts';
import { cksum } from './cksum.ts';

/** A program that only repeats the rules of the plan is not shown line by line. */
const longest = 40;

interface Booted {
  readonly args: Json;
  readonly from: Json;
  readonly to: Json;
  readonly forgotten?: true;
  readonly booted?: { readonly from: Json; readonly to: Json };
}

/** Everything that is wanted at boot, and the removal of our files that no longer are. */
export function bootParts(task: Booted, type: AnyTaskType, facts: Facts): readonly BootPart[] {
  const { from, to } = task.booted ?? task;
  const wanted = type.boot(task.forgotten === true ? null : to, facts, from);
  const paths = new Set(wanted.flatMap((part) => ('path' in part ? [part.path] : [])));
  const name = type.bootName?.(task.args);
  const stale = (facts.boot?.files ?? [])
    .filter(({ path }) => name !== undefined && isNamed(path, name) && !paths.has(path))
    .map(({ path }): BootFile => ({ path, mode: 0, content: null }));
  return [...wanted, ...stale];
}

/** Only what is not as wanted. Where nobody has looked at the host's files, all of it. */
export function bootWork(task: Booted, type: AnyTaskType, facts: Facts): readonly BootPart[] {
  const there = new Map(facts.boot?.files.map((file) => [file.path, file.cksum]));
  return bootParts(task, type, facts).filter((part) => {
    if (!('path' in part) || facts.boot === undefined || !isLookedFor(part.path)) return true;
    return part.content === null ? there.has(part.path) : there.get(part.path) !== cksum(part.content);
  });
}

/** One line for each file or setting. */
export function bootChanges(task: Booted, type: AnyTaskType, facts: Facts): readonly Change[] {
  if (facts.boot === undefined) return [];
  const there = new Set(facts.boot.files.map(({ path }) => path));
  const work = bootWork(task, type, facts).filter((part) => !('path' in part) || isLookedFor(part.path));
  return work.map((part): Change => {
    if (!('path' in part)) return { action: 'update', kind: 'boot', name: part.name, to: part.to };
    if (part.content === null) return { action: 'delete', kind: 'boot', name: part.path };
    const action = there.has(part.path) ? 'update' : 'create';
    const lines = part.content.trimEnd().split('\n');
    const detail = lines.length > longest ? [`+(${lines.length} lines)`] : lines.map((line) => `+${line}`);
    return {
      action,
      kind: 'boot',
      name: part.path,
      ...(part.link === undefined ? { detail } : { to: part.link }),
    };
  });
}

/** `50-gwfleet-aliases-eth1.conf` belongs to `gwfleet-aliases-eth1`, and `gwfleet-aliases-eth10` does not. */
function isNamed(path: string, name: string): boolean {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const inside = path.startsWith('/etc/gwfleet/') ? `gwfleet-${base}` : base;
  const at = inside.indexOf(name);
  return at >= 0 && !/[\w-]/.test(inside.charAt(at + name.length));
}
