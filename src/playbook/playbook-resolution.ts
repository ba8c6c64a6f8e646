/**
 * A whole playbook for an inventory: the plays that have something to do, in order. All mistakes of all plays come
 * together; with errors the plays must not be used.
 */
import type { Inventory } from '../inventory/model.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Playbook, Task } from './play.ts';
import { playHosts } from './play-hosts.ts';
import { type ResolvedPlay, resolvePlay } from './resolution.ts';
import type { Values } from './scope.ts';
import { type Selection, selectTasks } from './tags.ts';

export interface Asked {
  readonly inventory: Inventory;
  /** From fleet/host-variables.ts, by host name. */
  readonly fleetVariables: ReadonlyMap<string, Values>;
  /** -e. */
  readonly extraVariables: Values;
  /** -t, --skip-tags, --start-at-task. */
  readonly selection: Selection;
  /** The hosts of --limit; undefined: no limit. */
  readonly limit: ReadonlySet<string> | undefined;
}

export interface PlaybookResolution {
  readonly plays: readonly ResolvedPlay[];
  /** Tasks that the tags left out: a plan for a part says so. */
  readonly leftOut: readonly Task[];
  readonly diagnostics: readonly Diagnostic[];
}

export function resolvePlaybook(playbook: Playbook, asked: Asked): PlaybookResolution {
  const selected = selectTasks(playbook, asked.selection);
  const diagnostics = [...selected.diagnostics];
  const plays = playbook.plays.flatMap((play) => {
    const { hosts, diagnostics: nobody } = playHosts(play, asked.inventory, asked.limit);
    diagnostics.push(...nobody);
    const idle = hosts.length === 0 || !play.tasks.some(({ id }) => selected.ids.has(id));
    if (idle) return [];
    const found = resolvePlay(play, { ...asked, hosts, selected: selected.ids });
    diagnostics.push(...found.diagnostics);
    return [found.resolved];
  });
  return { plays, leftOut: selected.leftOut, diagnostics };
}
