/**
 * What `plan` does behind its connections, in one process: every host of a farm's inventory was seen as real hosts were
 * (real-host.ts), and is planned, folded, printed and written as a saved plan. The farm's own work, to give each host its
 * own addresses, is taken off.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { planFileText } from '../../../src/cli/plan-file.ts';
import { readRequest } from '../../../src/cli/request.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { colourless } from '../../../src/render/palette.ts';
import { planText } from '../../../src/render/plan-text.ts';
import { planFleet } from '../../../src/run/plan-fleet.ts';
import { taskTypes } from '../../../src/tasks/registry.ts';
import { farmHosts } from './fleet-files.ts';
import { answersOf } from './real-host.ts';

export interface DecideCost {
  /** CPU seconds by step. */
  readonly steps: Readonly<Record<string, number>>;
  readonly peak: number;
}

/** Prints its cost as one line of JSON. */
export async function decide(inventory: string, count: number, lab: string): Promise<void> {
  const answers = answersOf(lab);
  const hosts = new Map(farmHosts(count).map((host) => [host.name, host]));
  const steps: Record<string, number> = {};
  let theirs = 0;
  let mark = cpu();
  const step = (name: string): void => {
    steps[name] = cpu() - mark - theirs;
    theirs = 0;
    mark = cpu();
  };
  const flags = { playbook: undefined, extraVars: [], limit: undefined, tags: [], skipTags: [] };
  const request = readRequest(inventory, flags as never);
  step('load, resolve');
  const hops = new Map(
    request.fleet.plays.flatMap(({ tasks }) => [...tasks]).map(([name, own]) => [name, viaOf(own)]),
  );
  const remoteOf = (name: string): Remote => ({
    run: async (script) => {
      const began = cpu();
      const host = hosts.get(name);
      if (host === undefined) throw new Error(`no farm host ${name}`);
      const answer = answers.answer(host, hops.get(name) ?? '', script.text);
      theirs += cpu() - began;
      return { kind: 'done', ...(await answer) };
    },
    close: () => Promise.resolve(),
  });
  const fleet = await planFleet(request.fleet, {
    run: '20260101-000000-0000',
    owner: 'bench@here',
    types: taskTypes,
    connector: {
      connect: (target) => Promise.resolve({ ok: true, remote: remoteOf(target.host) }),
      close: () => Promise.resolve(),
    },
    targets: request.targets,
    gateways: new Map(),
    emit: () => undefined,
    limit: pLimit(64),
    beforeBatch: () => Promise.resolve(),
    stop: new AbortController().signal,
    commandTimeoutSeconds: 60,
    guard: 'on',
    nonce: () => `gwf-${'0'.repeat(24)}`,
    nowMs: () => Date.now(),
    sleep: (ms) => sleep(ms),
  });
  step('read sights, decide');
  planText(fleet.plan, 'full', colourless);
  step('fold, print');
  const text = planFileText({ plan: fleet.plan, request: request.fleet });
  step('plan file');
  process.stdout.write(`${JSON.stringify({ steps, peak: peak(), megabytes: text.length / 2 ** 20 })}\n`);
}

function viaOf(tasks: readonly { readonly args: unknown }[]): string {
  const via = tasks.map(({ args }) => (args as { via?: unknown }).via).find((one) => typeof one === 'string');
  return typeof via === 'string' ? via : '';
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function peak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
}
