/**
 * `apply` and `plan`: the same code up to the question. A dry run ends after the plan; nothing but the read-only
 * probe has been run on any host then.
 */
import { countPlan, type Plan } from '../plan/plan.ts';
import { openConnector } from '../remote/connector.ts';
import { planText, summaryLine } from '../render/plan-text.ts';
import { recapText } from '../render/recap.ts';
import { exitCode, exitCodes } from '../report/exit-code.ts';
import type { HostState } from '../report/run-state.ts';
import { applyFleet } from '../run/apply-fleet.ts';
import { type PlannedFleet, planFleet, planMade } from '../run/plan-fleet.ts';
import { printDiagnostics } from '../source/caret.ts';
import { taskTypes } from '../tasks/registry.ts';
import type { Flags } from './flags.ts';
import { enterLab } from './lab-entry.ts';
import { listHosts, listTasks } from './listings.ts';
import type { Output } from './output.ts';
import { readPlanFile, type SavedPlan, writePlanFile } from './plan-file.ts';
import { ask, askHidden } from './question.ts';
import { type Request, readRequest } from './request.ts';
import { openSession, type Session } from './session.ts';
import { caretColours, textOf } from './told.ts';
import { UsageError } from './usage.ts';

/** One remote script that waits for nothing: a loaded host with a slow disk still answers within this. */
const commandTimeoutSeconds = 60;

export async function apply(path: string, given: object, output: Output): Promise<number> {
  const flags = checkedFlags(given as Flags);
  const saved = readPlanFile(path);
  return roll({ path, flags, output, saved, dry: flags.check === true || flags.dryRun === true });
}

export async function plan(path: string, given: object, output: Output): Promise<number> {
  return roll({ path, flags: checkedFlags(given as Flags), output, saved: undefined, dry: true });
}

interface Order {
  readonly path: string;
  readonly flags: Flags;
  readonly output: Output;
  readonly saved: SavedPlan | undefined;
  readonly dry: boolean;
}

async function roll(order: Order): Promise<number> {
  const { flags, output, saved } = order;
  const files = { ...flags, ...(saved === undefined ? {} : { playbook: saved.plan.playbook }) };
  const request = readRequest(saved?.plan.inventory ?? order.path, files, await becomePassword(flags));
  const entered = await enterLab(request.inventory);
  if (entered !== undefined) return entered;
  tellWarnings(request, output);
  if (flags.listHosts === true) return listHosts(request, output);
  if (flags.listTasks === true) return listTasks(request, output);
  if (!order.dry && flags.yes !== true) requireSomebody();
  return withSession(order, request);
}

async function withSession(order: Order, request: Request): Promise<number> {
  const { flags, output, dry } = order;
  const connector = openConnector({
    askPassphrase: (file) =>
      askHidden(`passphrase of ${file}: `, 'use ssh-agent, or a key without a passphrase'),
  });
  const session = openSession({
    output,
    progress: flags.progress,
    forks: flags.forks,
    guard: flags.guard ? 'on' : 'off',
    ...(flags.breakLock === undefined ? {} : { breakLock: flags.breakLock }),
    commandTimeoutSeconds,
    connector,
    targets: request.targets,
    types: taskTypes,
    remembered: dry ? 'no' : 'yes',
  });
  try {
    return dry ? await dryRun(order, request, session) : await wetRun(order, request, session);
  } finally {
    await connector.close();
  }
}

async function dryRun(order: Order, request: Request, session: Session): Promise<number> {
  const { flags, output } = order;
  const fleet = await survey(order, request, session);
  await closeAll(fleet);
  if (flags.out !== undefined) writePlanFile(flags.out, { plan: fleet.plan, request: request.fleet });
  const changes = countPlan(fleet.plan).hostsChanging > 0;
  const failed = planExit(fleet.plan);
  const exit =
    failed === exitCodes.asWanted && changes && flags.exitCode === true ? exitCodes.failed : failed;
  session.finish(exit);
  if (flags.json === true) output.result(`${JSON.stringify(planJson(fleet.plan, exit))}\n`);
  else if (flags.progress !== 'jsonl')
    output.result(planText(fleet.plan, diffDepth(flags), output.resultColours));
  if (flags.out !== undefined) output.tell(`plan saved; carry it out with: gwfleet apply ${flags.out}\n`);
  return exit;
}

async function wetRun(order: Order, request: Request, session: Session): Promise<number> {
  const { flags, output, saved } = order;
  const fleet = saved === undefined ? await survey(order, request, session) : savedFleet(saved, session);
  session.history?.plan(fleet.plan);
  const { hostsChanging } = countPlan(fleet.plan);
  if (flags.progress !== 'jsonl' && flags.progress !== 'quiet')
    output.tell(planText(fleet.plan, diffDepth(flags), output.tellColours));
  if (hostsChanging > 0 && flags.yes !== true && !(await agreed(fleet.plan))) {
    await closeAll(fleet);
    session.finish(exitCodes.usage);
    output.tell('not applied; nothing was touched\n');
    return exitCodes.usage;
  }
  const done = await applyFleet(saved?.request ?? request.fleet, fleet, session.context);
  const exit = exitCode(session.state(), { interrupted: session.interrupted(), refused: done.refused });
  session.finish(exit);
  const state = session.state();
  if (flags.json === true) output.result(`${JSON.stringify(resultJson(session, fleet.plan, exit))}\n`);
  else if (flags.progress !== 'jsonl') output.result(recapText(state, output.resultColours));
  return exit;
}

async function survey({ path, dry }: Order, request: Request, session: Session): Promise<PlannedFleet> {
  const { fleet } = request;
  session.context.emit({
    type: 'run-started',
    command: dry ? 'plan' : 'apply',
    inventory: path,
    playbook: fleet.playbook,
    hosts: hostsOf(fleet.plays),
  });
  return planFleet(fleet, session.context);
}

/** A saved plan is carried out as it is; each host compares itself with what the plan saw. */
function savedFleet({ plan: saved }: SavedPlan, session: Session): PlannedFleet {
  const { context } = session;
  context.emit({
    type: 'run-started',
    command: 'apply',
    inventory: saved.inventory,
    playbook: saved.playbook,
    hosts: hostsOf(saved.plays),
  });
  context.emit(planMade(saved));
  return { plan: saved, surveys: new Map() };
}

function hostsOf(plays: readonly { readonly batches: readonly (readonly string[])[] }[]): string[] {
  return [...new Set(plays.flatMap(({ batches }) => batches.flat()))];
}

async function closeAll({ surveys }: PlannedFleet): Promise<void> {
  await Promise.all(
    [...surveys.values()].map(async (survey) => (survey.kind === 'seen' ? survey.remote.close() : undefined)),
  );
}

async function agreed(made: Plan): Promise<boolean> {
  const { hostsChanging } = countPlan(made);
  // Above this many hosts a slip of the finger is too dear: the number itself is asked for.
  const wanted = hostsChanging > 20 ? String(hostsChanging) : 'yes';
  const answer = await ask(`${summaryLine(made)}. Apply? Type '${wanted}': `, 'say it beforehand with --yes');
  return answer === wanted || (wanted === 'yes' && answer === 'y');
}

function requireSomebody(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return;
  throw new UsageError(
    'apply asks before it changes anything, and there is no terminal to ask on',
    'say it beforehand with --yes, or look only: gwfleet plan',
  );
}

function planExit(made: Plan): number {
  const results = made.plays.flatMap(({ hosts }) =>
    hosts.flatMap((host) => (host.kind === 'unplannable' ? [host.result] : [])),
  );
  if (results.includes('failed')) return exitCodes.failed;
  return results.length > 0 ? exitCodes.unreachable : exitCodes.asWanted;
}

function diffDepth({ diff }: Flags): 'full' | 'short' | 'stat' {
  return diff === undefined ? 'short' : diff === true ? 'full' : diff;
}

function checkedFlags(flags: Flags): Flags {
  if (flags.json === true && flags.progress === 'jsonl') {
    throw new UsageError('--json and --progress jsonl both want stdout', 'choose one');
  }
  if (flags.diff !== undefined && flags.diff !== true && !['full', 'short', 'stat'].includes(flags.diff)) {
    throw new UsageError(`--diff '${String(flags.diff)}' is not full, short or stat`);
  }
  return flags;
}

async function becomePassword(flags: Flags): Promise<string | undefined> {
  return flags.askBecomePass === true
    ? askHidden('sudo password: ', 'put ansible_become_password in a file given with -e @file')
    : undefined;
}

function tellWarnings({ warnings }: Request, output: Output): void {
  if (warnings.length > 0) output.tell(printDiagnostics(warnings, { textOf, colours: caretColours(output) }));
}

function planJson(made: Plan, exit: number): object {
  return { v: 1, command: 'plan', exit, counts: countPlan(made), plan: made };
}

function resultJson({ context, state }: Session, made: Plan, exit: number): object {
  const { hosts, finished, stopped } = state();
  return {
    v: 1,
    command: 'apply',
    run: context.run,
    exit,
    seconds: finished?.seconds,
    ...(stopped === undefined ? {} : { stopped }),
    counts: countPlan(made),
    hosts: Object.fromEntries([...hosts.values()].map((host) => [host.host, hostJson(host)])),
  };
}

function hostJson({ result, failure }: HostState): object {
  const { message, task, place, said, next } = failure ?? {};
  return { result: result ?? 'skipped', message, task, place, said, next };
}
