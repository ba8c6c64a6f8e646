/**
 * `status`: one read-only look at every host, told as text, JSON or Prometheus' format. The playbook is read, too: what
 * it would change is drift. Nothing is written on any host.
 */
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { readFleet } from '../fleet/fleet.ts';
import type { Fleet, Gateway } from '../fleet/model.ts';
import { textSetting } from '../fleet/setting.ts';
import { exitCodes } from '../report/exit-code.ts';
import { stateFolder } from '../run/history.ts';
import { liveWaits } from '../run/live-waits.ts';
import { type LookContext, type Looker, openLooker } from '../run/status-look.ts';
import type { Script } from '../shell/sh.ts';
import { insideOf } from '../status/entries-script.ts';
import type { LookMemory } from '../status/growth.ts';
import type { FleetStatus } from '../status/model.ts';
import { gatewayScript, webserverScript } from '../status/script.ts';
import { fleetStatus, type Looks, rememberedOf } from '../status/view.ts';
import { taskTypes } from '../tasks/registry.ts';
import { realFile } from './disk-files.ts';
import type { Flags, LookFlags } from './flags.ts';
import { enterLab } from './lab-entry.ts';
import { lookMemory } from './look-memory.ts';
import type { Output } from './output.ts';
import { askBecomePassword } from './question.ts';
import { type Request, readRequest } from './request.ts';

import { onSignals } from './signals.ts';
import { tellStatus } from './status-telling.ts';
import { tellDiagnostics } from './told.ts';
import { UsageError } from './usage.ts';
import { openWayIn } from './way-in.ts';

export interface StatusFlags extends LookFlags, Pick<Flags, 'limit' | 'exitCode'> {
  /** Seconds between looks; true: the default. */
  readonly watch?: number | true;
  readonly prometheus?: true;
  readonly out?: string;
}

/** Long enough for a busy gateway with a full table under busybox awk at the lowest priority. */
const commandTimeoutSeconds = 60;

export async function status(path: string, given: object, output: Output): Promise<number> {
  const flags = checked(given as StatusFlags);
  const read = (becomePassword?: string): Request =>
    readRequest(path, { ...flags, tags: [], skipTags: [] }, { becomePassword });
  const bare = read();
  const entered = await enterLab(bare.inventory);
  if (entered !== undefined) return entered;
  const password = await askBecomePassword(flags);
  const request = password === undefined ? bare : read(password);
  output.hide(request.secrets);
  if (request.warnings.length > 0) tellDiagnostics(request.warnings, output);
  const connector = await openWayIn(request.targets, { flags: {}, output });
  const stop = new AbortController();
  const forget = onSignals(() => {
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    stop.abort();
  });
  const { fleet } = readFleet(request.inventory);
  const context: LookContext = {
    connector,
    targets: request.targets,
    types: taskTypes,
    limit: pLimit(flags.forks),
    stop: stop.signal,
    commandTimeoutSeconds,
    nonce: () => `gwf-${randomBytes(12).toString('hex')}`,
  };
  const looker = openLooker(request.fleet, figuresFor(request, fleet), context);
  try {
    return await tellStatus({
      flags,
      output,
      stop: stop.signal,
      end: () => stop.abort(),
      look: looking(path, fleet, looker, flags, output),
    });
  } finally {
    await looker.close();
    await connector.close();
    forget();
  }
}

/** A look, and the memory of it; scrapers must not move what a person compares with. */
function looking(path: string, fleet: Fleet, looker: Looker, flags: StatusFlags, output: Output) {
  const place = lookMemory(path, process.env);
  const before: LookMemory = place.read();
  return async (): Promise<FleetStatus> => {
    const hosts = await looker.look();
    const at = new Date().toISOString();
    const live = liveWaits(stateFolder(process.env), realFile(path));
    const looks: Looks = { at, inventory: path, fleet, hosts, memory: before, live };
    const seen = fleetStatus(looks);
    const kept = flags.prometheus === true ? undefined : place.write(rememberedOf(looks), seen);
    if (kept !== undefined) output.tell(`this look is not remembered: ${kept}\n`);
    return seen;
  };
}

/** Only hosts of the two groups: others have nothing that is ours to look at. */
function figuresFor(request: Request, fleet: Fleet): ReadonlyMap<string, Script> {
  const figures = new Map<string, Script>();
  for (const host of request.targets.keys()) {
    const gateway = fleet.gateways.get(host);
    if (gateway !== undefined)
      figures.set(host, gatewayScript({ pool: gateway.pool, inside: networkOf(gateway) }));
    else if (fleet.webservers.has(host)) figures.set(host, webserverScript);
  }
  if (figures.size === 0)
    throw new UsageError(
      'there is no gateway and no webserver to look at',
      'see gwfleet inventory FILE --graph',
    );
  return figures;
}

function networkOf({ host }: Gateway) {
  return insideOf(textSetting(host, 'internal_network'));
}

function checked(flags: StatusFlags): StatusFlags {
  if (flags.json === true && flags.prometheus === true)
    throw new UsageError('--json and --prometheus both want stdout', 'choose one of them');
  if (flags.watch !== undefined && flags.json === true)
    throw new UsageError(
      '--json is one object at the end, and --watch has no end',
      'repeat status --json instead',
    );
  if (flags.out !== undefined && flags.prometheus !== true)
    throw new UsageError('-o writes the metrics of --prometheus', 'add --prometheus');
  return flags;
}
