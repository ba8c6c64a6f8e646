/**
 * A pretend fleet: every host is a folder on this machine, and our scripts run there with a real sh. /run/gwfleet and
 * /host are its own. A host can be out of reach from the start, or from the n-th connection on.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { PlayRules } from '../../src/plan/plan.ts';
import type { HostTask, TaskTypes } from '../../src/plan/probe.ts';
import { localRemote } from '../../src/remote/local-remote.ts';
import type { Connector, Outcome, Remote, Target } from '../../src/remote/remote.ts';
import type { RunEvent } from '../../src/report/event.ts';
import { exitCode } from '../../src/report/exit-code.ts';
import { emptyRunState, type RunState, reduce } from '../../src/report/run-state.ts';
import { applyFleet } from '../../src/run/apply-fleet.ts';
import type { RunContext } from '../../src/run/context.ts';
import {
  type FleetRequest,
  type PlannedFleet,
  type PlayRequest,
  planFleet,
} from '../../src/run/plan-fleet.ts';
import { type Script, sh } from '../../src/shell/sh.ts';
import type { AnyTaskType } from '../../src/tasks/registry.ts';
import type { Json } from '../../src/tasks/task-type.ts';
import { stamped } from '../report/stamp.ts';

interface Note {
  readonly file: string;
  readonly word: string;
}

const note = (value: unknown): Note => value as Note;

/** A file with a word. `broken` fails when it is applied, `liar` leaves another word than it promised. */
function write({ file, word }: Note): Script {
  if (word === 'broken') return sh`echo no such thing >&2; exit 7`;
  return sh`echo ${word === 'liar' ? 'other' : word} >/host/${file}`;
}

const word: AnyTaskType = {
  name: 'word',
  summary: 'A file with a word',
  doc: '',
  examples: [],
  schema: {} as AnyTaskType['schema'],
  problems: () => [],
  object: (args) => `word ${note(args).file}`,
  probe: (args) => sh`cat /host/${note(args).file} 2>/dev/null || :`,
  read: ({ stdout }, args) =>
    stdout === ''
      ? { kind: 'absent' }
      : { kind: 'present', state: { file: note(args).file, word: stdout.trim() } },
  desired: (args) => ({ kind: 'state', state: args as Json }),
  changes: (from, to) => {
    const [before, after] = [from, to].map((state) => (state === null ? undefined : note(state).word));
    if (before === after) return [];
    return [
      {
        action: before === undefined ? 'create' : 'update',
        kind: 'word',
        name: note(to ?? from).file,
        ...(before === undefined ? {} : { from: before }),
        ...(after === undefined ? {} : { to: after }),
      },
    ];
  },
  apply: (from, to) => (to === null ? sh`rm -f /host/${note(from).file}` : write(note(to))),
  boot: (to) =>
    to === null ? [] : [{ path: '/host/boot/word', mode: 0o640, content: `${note(to).word}\n` }],
  undo: 'turned',
  touches: 'reachability',
};

/** The same, where a mistake cannot cut the way in: no guard. */
const harmless: AnyTaskType = { ...word, name: 'harmless', touches: 'nothing' };

/** The word must be there after the play. */
const mustBe: AnyTaskType = {
  ...word,
  name: 'must_be',
  object: (args) => `check ${note(args).file}`,
  changes: () => [],
  touches: 'nothing',
  verifyOnly: true,
};

const types: TaskTypes = new Map([word, harmless, mustBe].map((type) => [type.name, type]));

export const rules: PlayRules = {
  maxFail: null,
  maxFailPercentage: null,
  anyErrorsFatal: false,
  canary: 0,
  soakSeconds: 0,
  confirmTimeoutSeconds: 60,
  onFailure: 'halt',
};

export interface Ended {
  readonly events: readonly RunEvent[];
  readonly state: RunState;
  readonly exit: number;
  results(): Readonly<Record<string, string | undefined>>;
}

export class Fleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'gwfleet-test-'));
  readonly stop = new AbortController();
  /** Called before each script of a host runs. */
  beforeScript: (host: string, script: Script) => void = () => undefined;
  /** What we hear of a script that has run. */
  hear: (host: string, script: Script, outcome: Outcome) => Outcome = (_host, _script, outcome) => outcome;
  /** How many connections of each host are open. */
  readonly open = new Map<string, number>();
  /** Hosts that answer to no further connection. */
  readonly away = new Set<string>();
  readonly #events: RunEvent[] = [];

  /** What has happened so far. */
  get events(): readonly RunEvent[] {
    return this.#events;
  }

  get context(): RunContext {
    return this.#context;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  put(host: string, file: string, text: string): void {
    mkdirSync(join(this.folder, host), { recursive: true });
    writeFileSync(join(this.folder, host, file), `${text}\n`);
  }

  get(host: string, file: string): string | undefined {
    const path = join(this.folder, host, file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  }

  plan(request: FleetRequest, mode: 'dry' | 'wet' = 'wet'): Promise<PlannedFleet> {
    this.#context.emit({
      type: 'run-started',
      command: 'apply',
      inventory: 'i',
      playbook: 'p',
      hosts: [...new Set(request.plays.flatMap(({ batches }) => batches.flat()))],
    });
    return planFleet(request, this.#context, mode);
  }

  async apply(request: FleetRequest, planned: PlannedFleet): Promise<Ended> {
    const { refused } = await applyFleet(request, planned, this.#context);
    const state = this.#events.reduce(reduce, emptyRunState);
    const exit = exitCode(state, { refused, interrupted: this.stop.signal.aborted });
    return {
      events: this.#events,
      state,
      exit,
      results: () => Object.fromEntries([...state.hosts.values()].map(({ host, result }) => [host, result])),
    };
  }

  async run(...plays: readonly PlayRequest[]): Promise<Ended> {
    const request: FleetRequest = { inventory: 'i', playbook: 'p', plays };
    return this.apply(request, await this.plan(request));
  }

  readonly #connector: Connector = {
    connect: ({ host }: Target) =>
      Promise.resolve(
        this.away.has(host)
          ? { ok: false, failure: { kind: 'unreachable', message: 'no route to host' } }
          : { ok: true, remote: this.#remote(host) },
      ),
    close: () => Promise.resolve(),
  };

  #count = 0;
  readonly #context: RunContext = {
    run: '20261122-214007-7f3a',
    owner: 'me@here',
    types,
    connector: this.#connector,
    targets: { get: (host: string) => ({ host }) } as unknown as RunContext['targets'],
    emit: (event) => this.#events.push(stamped(event)),
    limit: pLimit(8),
    beforeBatch: () => Promise.resolve(),
    stop: this.stop.signal,
    gateways: new Map(),
    commandTimeoutSeconds: 20,
    guard: 'on',
    nonce: () => this.#nonce(),
    nowMs: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };

  #nonce(): string {
    this.#count += 1;
    return `gwf-test-${this.#count}`;
  }

  #remote(host: string): Remote {
    const root = join(this.folder, host);
    mkdirSync(root, { recursive: true });
    const limits = { headBytes: 1_000_000, tailBytes: 1_000_000 };
    this.#opened(host, 1);
    let isOpen = true;
    const local = localRemote({ user: 'root', become: null, limits, nonce: () => this.#nonce() });
    return {
      run: async (script, options) => {
        this.beforeScript(host, script);
        const text = script.text.replaceAll('/run/gwfleet', `${root}/guard`).replaceAll('/host/', `${root}/`);
        return this.hear(host, script, await local.run({ ...script, text }, options));
      },
      close: () => {
        if (isOpen) this.#opened(host, -1);
        isOpen = false;
        return local.close();
      },
    };
  }

  #opened(host: string, more: number): void {
    this.open.set(host, (this.open.get(host) ?? 0) + more);
  }
}

type Wishes = readonly (readonly [type: string, file: string, word: string])[];

/** A play in which each host gets these tasks, in batches of the given size. */
export function play(
  id: string,
  hosts: Readonly<Record<string, Wishes>>,
  {
    size = 99,
    gate = [],
    ...given
  }: Partial<PlayRules> & { readonly size?: number; readonly gate?: Wishes } = {},
): PlayRequest {
  const names = Object.keys(hosts);
  const tasks = Object.entries(hosts).map(
    ([host, wishes]) => [host, wishes.map((wish, i) => taskOf(`${id}t${i}`, wish))] as const,
  );
  const gates = names.map((host) => [host, gate.map((wish, i) => taskOf(`${id}g${i}`, wish))] as const);
  const batches = names.flatMap((_, i) => (i % size === 0 ? [names.slice(i, i + size)] : []));
  return {
    name: id,
    pattern: 'all',
    batches,
    rules: { ...rules, ...given },
    tasks: new Map(tasks),
    gate: new Map(gates),
  };
}

function taskOf(id: string, [type, file, text]: readonly [string, string, string]): HostTask {
  return {
    id,
    type,
    name: `${type} ${id}`,
    place: { file: 'site.yaml', line: 1, col: 1 },
    args: { file, word: text },
  };
}
