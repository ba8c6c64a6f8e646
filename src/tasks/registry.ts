/**
 * All task types, by their key in YAML. Add a type: copy template.ts.txt, write its file, add one line here; schema,
 * manual and the contract test follow from this list.
 */
import { aliases } from './aliases.ts';
import { check } from './check.ts';
import { command } from './command.ts';
import { conntrack } from './conntrack.ts';
import { defaultRoute } from './default-route.ts';
import { file } from './file.ts';
import { ruleset } from './ruleset.ts';
import { sysctl } from './sysctl.ts';
import type { Json, TaskType } from './task-type.ts';

/** A task type whose arguments and state are not known here. Arguments were checked by its schema and problems(). */
export type AnyTaskType = TaskType<unknown, Json>;

const all: readonly AnyTaskType[] = [aliases, conntrack, ruleset, sysctl, defaultRoute, file, command, check];

export const taskTypes: ReadonlyMap<string, AnyTaskType> = new Map(all.map((type) => [type.name, type]));
