/**
 * The user's files -> what a run needs, or every mistake in them at once. The only place where inventory, fleet and
 * playbook meet; nothing here opens a connection.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFleet } from '../fleet/fleet.ts';
import { hostVariables } from '../fleet/host-variables.ts';
import { moveGround } from '../fleet/move-reason.ts';
import { selectHosts } from '../inventory/host-pattern.ts';
import type { Inventory } from '../inventory/model.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import type { Play, Playbook } from '../playbook/play.ts';
import { readPlaybook } from '../playbook/playbook-reading.ts';
import { type ResolvedPlay, resolvePlay } from '../playbook/resolution.ts';
import { selectTasks } from '../playbook/tags.ts';
import type { Target } from '../remote/remote.ts';
import type { FleetRequest, PlayRequest } from '../run/plan-fleet.ts';
import { type Diagnostic, hasErrors } from '../source/diagnostic.ts';
import type { Files } from '../source/files.ts';
import { taskTypes } from '../tasks/registry.ts';
import { diskFiles } from './disk-files.ts';
import { misspeltVariables, readExtraVars } from './extra-vars.ts';
import type { Flags } from './flags.ts';
import { limitedHosts } from './limit.ts';
import { secretsOf } from './secrets.ts';
import { readTargets } from './targets.ts';
import { withTwins } from './twin-tasks.ts';
import { InvalidFiles, UsageError } from './usage.ts';

export interface Request {
  readonly fleet: FleetRequest;
  readonly inventory: Inventory;
  /** Missing where a request was not made from one. */
  readonly playbook?: Playbook;
  readonly targets: ReadonlyMap<string, Target>;
  /** What must not be shown or kept, wherever it turns up. */
  readonly secrets: ReadonlySet<string>;
  /** Warnings; errors were thrown as InvalidFiles. */
  readonly warnings: readonly Diagnostic[];
  /** The earlier run that this one carries on or takes back. */
  readonly of?: string;
}

type RequestFlags = Pick<
  Flags,
  | 'playbook'
  | 'extraVars'
  | 'limit'
  | 'tags'
  | 'skipTags'
  | 'startAtTask'
  | 'maxFail'
  | 'onFailure'
  | 'confirmTimeout'
  | 'allowCut'
> &
  Partial<Pick<Flags, 'user' | 'privateKey' | 'become'>>;

export interface RequestGround {
  /** What -K asked for. */
  readonly becomePassword?: string | undefined;
  /** The disk, or the disk with a change that is not written yet. */
  readonly files?: Files;
}

/** Throws InvalidFiles with all mistakes of all files. */
export function readRequest(
  path: string,
  flags: RequestFlags,
  { becomePassword, files = diskFiles }: RequestGround = {},
): Request {
  const extra = readExtraVars(flags.extraVars);
  const playbookPath = flags.playbook ?? shippedPlaybook();
  const { inventory, diagnostics: inInventory } = readInventory(files, path, extra);
  const { playbook, diagnostics: inPlaybook } = readPlaybook(diskFiles, playbookPath, taskTypes);
  const read = [...misspeltVariables(extra), ...inInventory, ...inPlaybook];
  if (inventory === undefined) throw new InvalidFiles(read);
  if (playbook === undefined || hasErrors(read)) {
    readTargets(inventory, inventory.hosts.keys(), {
      flags,
      becoming: new Set(),
      becomePassword,
      found: read,
    });
    throw new InvalidFiles(read);
  }
  const { fleet, diagnostics: inFleet } = readFleet(inventory);
  const tasks = selectTasks(playbook, flags);
  const found = [...read, ...inFleet, ...tasks.diagnostics];
  const limited = limitedHosts(inventory, flags.limit, found);
  const fleetVariables = hostVariables(fleet, inventory);
  const around = { inventory, fleetVariables, extraVariables: extra, selected: tasks.ids };
  const becoming = new Set<string>();
  const plays = playbook.plays.map((play) => {
    const hosts = playHosts(play, inventory, found).filter((host) => limited?.has(host) !== false);
    const { resolved, diagnostics } = resolvePlay(play, { ...around, hosts });
    found.push(...diagnostics);
    if (play.become === true) for (const host of hosts) becoming.add(host);
    return playRequest(play, { ...resolved, tasks: withTwins(resolved.tasks, fleet) }, flags);
  });
  const inPlays = new Set(plays.flatMap(({ batches }) => batches.flat()));
  const targets = readTargets(inventory, inPlays, { flags, becoming, becomePassword, found });
  if (!hasErrors(found) && plays.every(({ batches }) => batches.length === 0)) {
    found.push({ severity: 'error', message: 'no play has a host', hint: hostsHint(inventory, flags.limit) });
  }
  if (hasErrors(found)) throw new InvalidFiles(found);
  return {
    fleet: { inventory: path, playbook: playbookPath, plays, moves: moveGround(fleet) },
    inventory,
    playbook,
    targets,
    secrets: secretsOf({ inventory, extra, plays: playbook.plays, targets }),
    warnings: found,
  };
}

/** `playbooks/site.yaml` beside the package, named from here where that is shorter. */
function shippedPlaybook(): string {
  const path = join(packageFolder(), 'playbooks', 'site.yaml');
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** Up from this file (a chunk in dist, or src) to the package's root. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (folder !== dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "gwfleet"')) return folder;
    folder = dirname(folder);
  }
  throw new UsageError(
    'the playbooks that come with gwfleet are not where it is installed',
    'name one with -p',
  );
}

/** A play for a group that this inventory does not have is left out with a warning, as in Ansible. */
function playHosts(play: Play, inventory: Inventory, found: Diagnostic[]): readonly string[] {
  const { hosts, diagnostics } = selectHosts(inventory, play.hosts.pattern, {
    name: 'hosts',
    place: play.hosts.place,
  });
  const matched = hosts.length > 0;
  for (const diagnostic of diagnostics)
    found.push(matched ? diagnostic : { ...diagnostic, severity: 'warning' });
  return hosts;
}

function playRequest(play: Play, resolved: ResolvedPlay, flags: RequestFlags): PlayRequest {
  const hosts = resolved.batches.flat();
  return {
    name: play.name,
    pattern: play.hosts.pattern,
    batches: resolved.batches.filter((batch) => batch.length > 0),
    rules: {
      ...resolved.rules,
      ...(flags.confirmTimeout === undefined ? {} : { confirmTimeoutSeconds: flags.confirmTimeout }),
      ...(flags.allowCut === undefined ? {} : { cut: 'allowed' }),
      ...(flags.onFailure === undefined ? {} : { onFailure: flags.onFailure }),
      ...(flags.maxFail === undefined ? {} : { maxFail: failLimit(flags.maxFail, hosts.length) }),
    },
    tasks: resolved.tasks,
    gate: resolved.gate,
  };
}

function failLimit(text: string, hosts: number): number {
  const [, digits, percent] = /^(\d+)(%?)$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`--max-fail: '${text}' is not a number or a percentage`);
  return percent === '%'
    ? Math.max(1, Math.floor((Number(digits) * hosts) / 100))
    : Math.max(1, Number(digits));
}

function hostsHint(inventory: Inventory, limit: string | undefined): string {
  if (limit !== undefined) return 'the limit and the plays have no host in common';
  return inventory.groups.has('gateways')
    ? 'the groups have no hosts'
    : "the shipped playbook speaks of the groups 'gateways' and 'webservers'";
}
