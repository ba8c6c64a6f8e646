/**
 * Live state and boot state are separate facts: what a task's files at boot should be beside what lies on the host. A
 * host whose live state is right and whose files are not has drifted, and a plan says so.
 */

import type { Profile } from '../tasks/boot/boot-facts.ts';
import { isLookedFor } from '../tasks/boot/boot-probe.ts';
import type { Facts } from '../tasks/facts.ts';
import type { AnyTaskType } from '../tasks/registry.ts';
import type { BootFile, BootPart, Change, Json } from '../tasks/task-type.ts';
import { cksum } from './cksum.ts';

/** A program that only repeats the rules of the plan is not shown line by line. */
const longest = 40;

/** Of a way back: the states whose files at boot are meant, and NetworkManager's profiles of before. */
export interface Booted {
  readonly from: Json;
  readonly to: Json;
  readonly profiles?: readonly Profile[];
}

interface BootTask {
  readonly args: Json;
  readonly from: Json;
  readonly to: Json;
  readonly forgotten?: true;
  readonly booted?: Booted;
}

/** Everything that is wanted at boot, and the removal of our files that no longer are. */
export function bootParts(task: BootTask, type: AnyTaskType, facts: Facts): readonly BootPart[] {
  const { from, to } = task.booted ?? task;
  const kept = task.forgotten === true ? null : to;
  const wanted = type.boot(kept, withProfiles(facts, task.booted?.profiles), from);
  const paths = new Set(wanted.flatMap((part) => ('path' in part ? [part.path] : [])));
  const name = type.bootName?.(task.args);
  const stale = (facts.boot?.files ?? [])
    .filter(({ path }) => name !== undefined && isNamed(path, name) && !paths.has(path))
    .filter(({ path }) => kept === null || !isDisputed(path, facts))
    .map(({ path }): BootFile => ({ path, mode: 0, content: null }));
  return [...wanted, ...stale];
}

function withProfiles(facts: Facts, profilesThen: readonly Profile[] | undefined): Facts {
  if (facts.boot === undefined || profilesThen === undefined) return facts;
  return { ...facts, boot: { ...facts.boot, profilesThen } };
}

/** Where two own the interface nothing is written, and what is there stays. */
function isDisputed(path: string, { boot }: Facts): boolean {
  return (boot?.owners ?? []).some(
    ({ interface: device, claims }) => claims.length > 1 && isNamed(path, `-${device}`),
  );
}

/** Only what is not as wanted. Where nobody has looked at the host's files, all of it. */
export function bootWork(task: BootTask, type: AnyTaskType, facts: Facts): readonly BootPart[] {
  const there = new Map(facts.boot?.files.map((file) => [file.path, file.cksum]));
  return bootParts(task, type, facts).filter((part) => {
    if (!('path' in part) || facts.boot === undefined || !isLookedFor(part.path)) return true;
    const lies = there.get(part.path);
    if (part.content === null || lies === undefined) return (part.content === null) === (lies !== undefined);
    return lies !== cksum(part.content);
  });
}

/** One line for each file or setting. */
export function bootChanges(task: BootTask, type: AnyTaskType, facts: Facts): readonly Change[] {
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

/** `50-gwfleet-aliases-eth1.conf` is of `gwfleet-aliases-eth1`, `gwfleet-aliases-eth10` is not; `gwfleet-default-route-` has all. */
function isNamed(path: string, name: string): boolean {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const inside = path.startsWith('/etc/gwfleet/') ? `gwfleet-${base}` : base;
  const at = inside.indexOf(name);
  return at >= 0 && (name.endsWith('-') || !/[\w-]/.test(inside.charAt(at + name.length)));
}
