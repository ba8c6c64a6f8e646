/**
 * `rollback`: the way back of a run, from the plan that it stored. It is a run like any other: planned from what the
 * hosts look like now, shown, asked, guarded. The last play goes back first, and its last batch.
 */
import type { PlannedHost, PlayPlan } from '../plan/plan.ts';
import type { HostTask } from '../plan/probe.ts';
import { sealedChanges, tasksBack } from '../plan/way-back.ts';
import { summaryLine } from '../render/plan-text.ts';
import { type RunRecord, reopenHistory, runFolder, stateFolder } from '../run/history.ts';
import { hopsBackFault } from '../run/hops-back.ts';
import { type PastRun, runsOf } from '../run/past-run.ts';
import type { PlayRequest } from '../run/plan-fleet.ts';
import { standingChanges } from '../run/run-choice.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { taskTypes } from '../tasks/registry.ts';
import { checkedFlags } from './apply-flags.ts';
import { conduct, type Ended } from './conduct.ts';
import { realFile } from './disk-files.ts';
import type { Flags } from './flags.ts';
import { lookoutsOf } from './gateway/roll-request.ts';
import { readGround } from './ground.ts';
import type { Output } from './output.ts';
import { readPlanFile } from './plan-file.ts';
import type { Request } from './request.ts';
import { runCalled } from './run-word.ts';
import { UsageError } from './usage.ts';

export async function rollback(
  path: string,
  word: string | undefined,
  { given, output }: { readonly given: object; readonly output: Output },
): Promise<number> {
  const flags = checkedFlags(given as Flags);
  return conduct({
    command: 'rollback',
    args: [path, ...(word === undefined ? [] : [word])],
    request: (password) => backRequest(path, word, { flags, password }),
    mode: flags.check === true || flags.dryRun === true ? 'dry' : 'wet',
    question: (made, { of = '' }) => `${summaryLine(made)}; this takes run ${of} back. Apply?`,
    interludes: (context) => {
      const { inventory } = readGround(path, flags, undefined);
      const lookouts = lookoutsOf(inventory, [...inventory.hosts.keys()]);
      return { before: (play) => hopsBackFault(play, lookouts, context) };
    },
    done: markTakenBack,
    flags,
    output,
  });
}

interface Wishes {
  readonly flags: Flags;
  readonly password: string | undefined;
}

function backRequest(path: string, word: string | undefined, { flags, password }: Wishes): Request {
  const state = stateFolder(process.env);
  const past = word === undefined ? lastChanging(state, path) : namedRun(state, path, word);
  const { record } = past;
  const saved = readPlanFile(`${runFolder(state, record.run)}/plan.json`);
  if (saved === undefined)
    throw new UsageError(`run ${record.run} stored no plan: it ended before it had one`);
  const standing = standingChanges(past);
  const ground = readGround(path, flags, password);
  const plays = saved.plan.plays
    .map((play, index) =>
      playBack(play, record, (host) => standing.get(index)?.has(host) === true && ground.isWanted(host)),
    )
    .filter(({ batches }) => batches.length > 0)
    .toReversed();
  const hosts = [...new Set(plays.flatMap(({ batches }) => batches.flat()))];
  const changed = new Set([...standing.values()].flatMap((names) => [...names]));
  const gone = [...changed].filter((host) => !ground.inventory.hosts.has(host));
  if (hosts.length === 0 && gone.length > 0)
    throw new UsageError(
      `what run ${record.run} changed stands on hosts that are not in the inventory any more: ${gone.join(' ')}`,
      goneHint(record),
    );
  if (hosts.length === 0)
    throw new UsageError(`no change of run ${record.run} stands`, `gwfleet runs show ${record.run}`);
  return {
    fleet: { inventory: path, playbook: saved.plan.playbook, plays },
    inventory: ground.inventory,
    targets: ground.targetsOf(hosts),
    secrets: ground.secrets,
    warnings: [
      ...ground.warnings,
      ...gone.map((host) => goneWarning(host, record)),
      ...sealedWarnings(saved.plan.plays, hosts),
    ],
    of: record.run,
  };
}

function goneWarning(host: string, record: RunRecord): Diagnostic {
  const message = `${host} is not in the inventory any more: what run ${record.run} changed there stands`;
  return { severity: 'warning', message, hint: goneHint(record) };
}

function goneHint({ run }: RunRecord): string {
  return `put it back into the inventory and type the same again, or look at the host: gwfleet runs show ${run}`;
}

/** What holds a secret was not stored, so it cannot go back: it is said, never passed over. */
function sealedWarnings(plays: readonly PlayPlan[], hosts: readonly string[]): readonly Diagnostic[] {
  return plays.flatMap((play) =>
    play.hosts.flatMap((plan) => {
      const names = plan.kind === 'planned' && hosts.includes(plan.host) ? sealedChanges(plan) : [];
      return names.map((name): Diagnostic => {
        const message = `'${name}' on ${plan.host} holds a secret, and its old state is kept nowhere: it stays as it is`;
        return { severity: 'warning', message };
      });
    }),
  );
}

function playBack(play: PlayPlan, { run }: RunRecord, isBack: (host: string) => boolean): PlayRequest {
  const plans = play.hosts.filter(
    (plan): plan is PlannedHost => plan.kind === 'planned' && isBack(plan.host),
  );
  const tasks = new Map<string, readonly HostTask[]>(
    plans.map((plan) => [plan.host, tasksBack(plan, { run, types: taskTypes })]),
  );
  const batches = play.batches
    .map((batch) => batch.filter((host) => tasks.has(host)))
    .filter((batch) => batch.length > 0)
    .toReversed();
  const rules = { ...play.rules, canary: 0, soakSeconds: 0, onFailure: 'halt' as const };
  return { name: `Back from: ${play.name}`, pattern: play.pattern, batches, rules, tasks, gate: new Map() };
}

function lastChanging(state: string, path: string): PastRun {
  for (const past of runsOf(state, realFile(path)))
    if ([...standingChanges(past).values()].some(({ size }) => size > 0)) return past;
  throw new UsageError(
    `no run has changed a host of ${path}, as far as this machine knows`,
    `runs are kept in ${state}/runs; gwfleet runs lists them`,
  );
}

function namedRun(state: string, path: string, word: string): PastRun {
  const past = runCalled(state, word);
  const { run, inventory, inventoryFile } = past.record;
  if (inventoryFile !== realFile(path))
    throw new UsageError(`run ${run} was about another inventory: ${inventory}`, 'name that inventory');
  return past;
}

/** Every host that is as before now is written down in the journal of the run that was taken back. */
function markTakenBack({ of, run, state }: Ended): void {
  const hosts = [...state.hosts.values()]
    .filter(({ result }) => result === 'changed' || result === 'ok')
    .map(({ host }) => host);
  if (of === undefined || hosts.length === 0) return;
  const at = new Date().toISOString();
  reopenHistory(stateFolder(process.env), of).event({
    type: 'run-taken-back',
    by: run,
    hosts,
    v: 1,
    at,
    run: of,
  });
}
