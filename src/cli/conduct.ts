/**
 * The one conductor of every command that changes hosts: survey, plan, question, apply, recap, exit code. What differs
 * between `apply`, `gateway drain` and `rollback` is the errand: which request, and how the question reads. A dry run
 * ends after the plan; nothing but the read-only probe has been run on any host then.
 * Long because it is the life of a run, to be read from top to bottom in one place.
 */

import { hiddenPlan } from '../plan/hidden.ts';
import { countPlan, type Plan } from '../plan/plan.ts';
import { planText, summaryLine } from '../render/plan-text.ts';
import { recapText } from '../render/recap.ts';
import { exitCode, exitCodes } from '../report/exit-code.ts';
import { redaction } from '../report/redaction.ts';
import type { RunState } from '../report/run-state.ts';
import { applyFleet } from '../run/apply-fleet.ts';
import type { RunContext } from '../run/context.ts';
import { stateFolder } from '../run/history.ts';
import type { Interludes } from '../run/interlude.ts';
import { type FleetRequest, type PlannedFleet, planFleet } from '../run/plan-fleet.ts';
import { taskTypes } from '../tasks/registry.ts';
import { diffDepth } from './apply-flags.ts';
import { planExit, planJson, resultJson } from './apply-result.ts';
import type { Flags } from './flags.ts';
import { forsakenRuns, hostsInFlight, settleForsaken } from './forsaken.ts';
import { holdInventory } from './inventory-hold.ts';
import { enterLab } from './lab-entry.ts';
import { listHosts, listTasks } from './listings.ts';
import { narrowed } from './narrowed-request.ts';
import { nextHops } from './next-hops.ts';
import type { Output } from './output.ts';
import { planFileText, type SavedPlan, writePlanFile } from './plan-file.ts';
import { agreed, askBecomePassword, requireSomebody } from './question.ts';
import type { Request } from './request.ts';
import { runRecord } from './run-record.ts';
import { hostsOf, requireTargets, savedFleet } from './saved-plan.ts';
import { unsealedRequest } from './sealed-plan.ts';
import { openSession, type Session } from './session.ts';
import { furtherTargets } from './targets.ts';
import { tellDiagnostics } from './told.ts';
import { withTwinCare } from './twin-care.ts';
import { InvalidFiles, UsageError } from './usage.ts';
import { openWayIn } from './way-in.ts';

/** One remote script that waits for nothing: a loaded host with a slow disk still answers within this. */
const commandTimeoutSeconds = 60;

/** What a command wants of the hosts. */
export interface Errand {
  /** As it is typed, without its arguments: `apply`, `gateway drain`. For events, history and words. */
  readonly command: string;
  /** The user's files, read; throws InvalidFiles and UsageError. `becomePassword` is what -K asked for. */
  readonly request: (becomePassword?: string) => Request;
  /** The arguments of the command as they would be typed again. */
  readonly args: readonly string[];
  readonly mode: 'dry' | 'wet';
  /** A plan that is carried out as it is, in place of a fresh one. */
  readonly saved?: SavedPlan;
  /** What is asked before anything changes, in place of the plan's last line: `Drain gw2: 13 webservers move`. */
  readonly question?: (made: Plan, request: Request) => string;
  /** What the command does between the plays. */
  readonly interludes?: (context: RunContext, plan: Plan) => Interludes;
  /** Looks of its own, begun beside the first look at the hosts. */
  readonly early?: (context: RunContext) => void;
  /** Called at the end of a run that was carried out. */
  readonly done?: (ended: Ended) => void;
  readonly flags: Flags;
  readonly output: Output;
}

export interface Ended {
  readonly run: string;
  /** The earlier run that it carried on or took back. */
  readonly of: string | undefined;
  readonly state: RunState;
}

/** Carries the errand out; gives the exit code. */
export async function conduct(errand: Errand): Promise<number> {
  const { flags, output, saved } = errand;
  const bare = requestOf(errand, undefined);
  output.hide(bare.secrets);
  const entered = await enterLab(bare.inventory);
  if (entered !== undefined) return entered;
  const password = await askBecomePassword(flags);
  const request = password === undefined ? bare : requestOf(errand, password);
  output.hide(request.secrets);
  if (saved !== undefined) requireTargets(saved.plan, request);
  if (request.warnings.length > 0) tellDiagnostics(request.warnings, output);
  if (flags.listHosts === true) return listHosts(request, output);
  if (flags.listTasks === true) return listTasks(request, output);
  if (errand.mode === 'wet' && flags.yes !== true) requireSomebody(errand.command);
  return withSession(errand, request, password);
}

async function withSession(errand: Errand, first: Request, password: string | undefined): Promise<number> {
  const { flags, output, mode } = errand;
  const state = stateFolder(process.env);
  const record = runRecord(errand, first);
  const hold = mode === 'dry' ? undefined : holdInventory(state, record, flags.breakLock);
  const forsaken = forsakenRuns(state, record.inventoryFile);
  const further = furtherTargets(first.inventory, hostsInFlight(forsaken, first.inventory), {
    flags,
    becomePassword: password,
  });
  const targets = new Map([...further, ...first.targets]);
  const connector = await openWayIn(targets, { flags, output });
  // Only asked for counts: no question is asked for their sake, and what is wrong with them is their own affair.
  const gateways = nextHops(first.inventory);
  const counting = furtherTargets(first.inventory, gateways.values(), { flags, becomePassword: password });
  const session = openSession({
    output,
    progress: flags.progress,
    forks: flags.forks,
    guard: flags.guard ? 'on' : 'off',
    ...(flags.breakLock === undefined ? {} : { breakLock: flags.breakLock }),
    commandTimeoutSeconds,
    connector,
    targets: new Map([...counting, ...targets]),
    gateways,
    types: taskTypes,
    redact: redaction(first.secrets),
    run: record.run,
    owner: record.owner,
    record: mode === 'dry' ? undefined : record,
  });
  try {
    await settleForsaken(forsaken, {
      state,
      record,
      context: session.context,
      hold,
      breakLock: flags.breakLock,
    });
    if (session.interrupted()) return notBegun(errand, session);
    // What was found out may change what is to be done: the last run's failed hosts, the way back of a run.
    const request = forsaken.length === 0 ? first : requestOf(errand, password);
    return mode === 'dry' ? await dryRun(errand, request, session) : await wetRun(errand, request, session);
  } catch (error) {
    if (error instanceof UsageError) session.finish(error.exit);
    if (error instanceof InvalidFiles) session.finish(exitCodes.usage);
    throw error;
  } finally {
    hold?.release();
    session.release();
    await connector.close();
  }
}

async function dryRun(errand: Errand, request: Request, session: Session): Promise<number> {
  const { flags, output } = errand;
  const fleet = await survey(errand, request, session);
  if (flags.out !== undefined) writePlanFile(flags.out, { plan: fleet.plan, request: request.fleet });
  const changes = countPlan(fleet.plan).hostsChanging > 0;
  const failed = session.interrupted() ? exitCodes.interrupted : planExit(fleet.plan);
  const exit =
    failed === exitCodes.asWanted && changes && flags.exitCode === true ? exitCodes.failed : failed;
  session.finish(exit);
  const shown = hiddenPlan(fleet.plan, taskTypes);
  if (flags.json === true) output.result(`${JSON.stringify(planJson(shown, exit))}\n`);
  else if (flags.progress !== 'jsonl') output.result(planText(shown, diffDepth(flags), output.resultColours));
  if (flags.out !== undefined) output.tell(`plan saved; carry it out with: gwfleet apply ${flags.out}\n`);
  return exit;
}

async function wetRun(errand: Errand, request: Request, session: Session): Promise<number> {
  const { flags, output, saved } = errand;
  const wanted = wantedOf(saved, request);
  errand.early?.(session.context);
  const fleet =
    saved === undefined ? await survey(errand, request, session) : await savedFleet(saved, wanted, session);
  const shown = hiddenPlan(fleet.plan, taskTypes);
  session.history?.plan(planFileText({ plan: fleet.plan, request: wanted }));
  const { hostsChanging } = countPlan(fleet.plan);
  if (flags.progress !== 'jsonl' && flags.progress !== 'quiet')
    output.tell(planText(shown, diffDepth(flags), output.tellColours));
  if (
    hostsChanging > 0 &&
    flags.yes !== true &&
    !(await isAgreed(errand, request, { made: fleet.plan, session }))
  )
    return notApplied(errand, fleet, session);
  await session.begin(shown);
  const own = errand.interludes?.(session.context, fleet.plan) ?? {};
  const interludes = withTwinCare(own, { inventory: request.inventory, plan: fleet.plan }, session.context);
  const done = await applyFleet(wanted, fleet, session.context, interludes);
  const exit = exitCode(session.state(), { interrupted: session.interrupted(), refused: done.refused });
  session.finish(exit);
  errand.done?.({ run: session.context.run, of: request.of, state: session.state() });
  tellEnd(errand, fleet, { session, exit });
  return exit;
}

/** A saved plan's tasks, with the secrets that its file does not hold. */
function wantedOf(saved: SavedPlan | undefined, { fleet }: Request): FleetRequest {
  if (saved?.seals === undefined) return saved?.request ?? fleet;
  return unsealedRequest(saved.request, saved.seals, fleet);
}

async function isAgreed(
  errand: Errand,
  request: Request,
  { made, session }: { readonly made: Plan; readonly session: Session },
): Promise<boolean> {
  const text = errand.question?.(made, request) ?? `${summaryLine(made)}. Apply?`;
  return agreed(text, { hosts: countPlan(made).hostsChanging, stop: session.context.stop });
}

function requestOf({ request, flags }: Errand, password: string | undefined): Request {
  return flags.resumes === undefined ? request(password) : narrowed(request(password), flags.resumes);
}

/** Interrupted before any host was looked at. */
function notBegun({ output }: Errand, session: Session): number {
  session.finish(exitCodes.interrupted);
  output.tell('not applied; nothing was touched\n');
  return exitCodes.interrupted;
}

/** The question was answered with no, or with Ctrl-C. */
async function notApplied(errand: Errand, fleet: PlannedFleet, session: Session): Promise<number> {
  await closeAll(fleet);
  const exit = session.interrupted() ? exitCodes.interrupted : exitCodes.usage;
  session.finish(exit);
  errand.output.tell('not applied; nothing was touched\n');
  if (errand.flags.json === true) tellEnd(errand, fleet, { session, exit });
  return exit;
}

function tellEnd(
  { flags, output, command }: Errand,
  fleet: PlannedFleet,
  { session, exit }: { readonly session: Session; readonly exit: number },
): void {
  const { plan } = fleet;
  if (flags.json === true) output.result(`${JSON.stringify(resultJson(session, { command, plan, exit }))}\n`);
  else if (flags.progress !== 'jsonl') output.result(recapText(session.state(), output.resultColours));
}

async function survey({ command, mode }: Errand, request: Request, session: Session): Promise<PlannedFleet> {
  const { fleet, of } = request;
  session.context.emit({
    type: 'run-started',
    command: mode === 'dry' && command === 'apply' ? 'plan' : command,
    inventory: fleet.inventory,
    playbook: fleet.playbook,
    hosts: hostsOf(fleet.plays),
    ...(of === undefined ? {} : { of }),
  });
  return planFleet(fleet, session.context, mode);
}

async function closeAll({ surveys }: PlannedFleet): Promise<void> {
  await Promise.all(
    [...surveys.values()].map(async (survey) =>
      survey.kind === 'seen' ? survey.remote?.close() : undefined,
    ),
  );
}
