/**
 * `apply` and `plan`: the same code up to the question. A dry run ends after the plan; nothing but the read-only
 * probe has been run on any host then.
 */
import { countPlan, type Plan } from '../plan/plan.ts';
import { planText, summaryLine } from '../render/plan-text.ts';
import { recapText } from '../render/recap.ts';
import { exitCode, exitCodes } from '../report/exit-code.ts';
import { applyFleet } from '../run/apply-fleet.ts';
import { type PlannedFleet, planFleet } from '../run/plan-fleet.ts';
import { printDiagnostics } from '../source/caret.ts';
import { taskTypes } from '../tasks/registry.ts';
import { checkedFlags, diffDepth, refuseOtherWishes } from './apply-flags.ts';
import { planExit, planJson, resultJson } from './apply-result.ts';
import type { Flags } from './flags.ts';
import { enterLab } from './lab-entry.ts';
import { listHosts, listTasks } from './listings.ts';
import type { Output } from './output.ts';
import { readPlanFile, type SavedPlan, writePlanFile } from './plan-file.ts';
import { ask, askHidden, hasTerminal } from './question.ts';
import { type Request, readRequest } from './request.ts';
import { hostsOf, requireTargets, savedFleet, showSaved } from './saved-plan.ts';
import { openSession, type Session } from './session.ts';
import { caretColours, textOf } from './told.ts';
import { UsageError } from './usage.ts';
import { openWayIn } from './way-in.ts';

/** One remote script that waits for nothing: a loaded host with a slow disk still answers within this. */
const commandTimeoutSeconds = 60;

export async function apply(path: string, given: object, output: Output): Promise<number> {
  const flags = checkedFlags(given as Flags);
  const saved = readPlanFile(path);
  const dry = flags.check === true || flags.dryRun === true;
  if (saved === undefined) return roll({ path, flags, output, saved, dry });
  refuseOtherWishes(flags);
  return dry ? showSaved(saved.plan, flags, output) : roll({ path, flags, output, saved, dry });
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
  if (saved !== undefined) requireTargets(saved.plan, request);
  tellWarnings(request, output);
  if (flags.listHosts === true) return listHosts(request, output);
  if (flags.listTasks === true) return listTasks(request, output);
  if (!order.dry && flags.yes !== true) requireSomebody();
  return withSession(order, request);
}

async function withSession(order: Order, request: Request): Promise<number> {
  const { flags, output, dry } = order;
  const connector = await openWayIn(request.targets, { flags, output });
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
  const failed = session.interrupted() ? exitCodes.interrupted : planExit(fleet.plan);
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
  if (hostsChanging > 0 && flags.yes !== true && !(await agreed(fleet.plan, session.context.stop)))
    return notApplied(order, fleet, session);
  const done = await applyFleet(saved?.request ?? request.fleet, fleet, session.context);
  const exit = exitCode(session.state(), { interrupted: session.interrupted(), refused: done.refused });
  session.finish(exit);
  tellEnd(order, fleet, { session, exit });
  return exit;
}

/** The question was answered with no, or with Ctrl-C. */
async function notApplied(order: Order, fleet: PlannedFleet, session: Session): Promise<number> {
  await closeAll(fleet);
  const exit = session.interrupted() ? exitCodes.interrupted : exitCodes.usage;
  session.finish(exit);
  order.output.tell('not applied; nothing was touched\n');
  if (order.flags.json === true) tellEnd(order, fleet, { session, exit });
  return exit;
}

function tellEnd(
  { flags, output }: Order,
  fleet: PlannedFleet,
  { session, exit }: { readonly session: Session; readonly exit: number },
): void {
  const state = session.state();
  if (flags.json === true) output.result(`${JSON.stringify(resultJson(session, fleet.plan, exit))}\n`);
  else if (flags.progress !== 'jsonl') output.result(recapText(state, output.resultColours));
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

async function closeAll({ surveys }: PlannedFleet): Promise<void> {
  await Promise.all(
    [...surveys.values()].map(async (survey) => (survey.kind === 'seen' ? survey.remote.close() : undefined)),
  );
}

/** Never when the run was interrupted meanwhile. */
async function agreed(made: Plan, stop: AbortSignal): Promise<boolean> {
  const { hostsChanging } = countPlan(made);
  // Above this many hosts a slip of the finger is too dear: the number itself is asked for.
  const wanted = hostsChanging > 20 ? String(hostsChanging) : 'yes';
  const question = `${summaryLine(made)}. Apply? Type '${wanted}': `;
  const answer = await ask(question, 'say it beforehand with --yes', stop);
  return answer === wanted || (wanted === 'yes' && answer === 'y');
}

function requireSomebody(): void {
  if (hasTerminal()) return;
  throw new UsageError(
    'apply asks before it changes anything, and there is no terminal to ask on',
    'say it beforehand with --yes, or look only: gwfleet plan',
  );
}

async function becomePassword(flags: Flags): Promise<string | undefined> {
  return flags.askBecomePass === true
    ? askHidden('sudo password: ', 'put ansible_become_password in a file given with -e @file')
    : undefined;
}

function tellWarnings({ warnings }: Request, output: Output): void {
  if (warnings.length > 0) output.tell(printDiagnostics(warnings, { textOf, colours: caretColours(output) }));
}
