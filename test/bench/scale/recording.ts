/**
 * What every host of a farm's inventory says to its first look, recorded in a file: a plan can be made of it without a
 * host, without a connection, and without the farm's own work in what it costs.
 */
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { readRequest } from '../../../src/cli/request.ts';
import type { Outcome, Remote } from '../../../src/remote/remote.ts';
import type { RunContext } from '../../../src/run/context.ts';
import { type PlannedFleet, planFleet, tasksByHost } from '../../../src/run/plan-fleet.ts';
import { lookAgain } from '../../../src/run/survey.ts';
import { taskTypes } from '../../../src/tasks/registry.ts';
import { farmHosts } from './fleet-files.ts';
import { answersOf } from './real-host.ts';

export type BareRequest = ReturnType<typeof bareRequest>;

export function bareRequest(inventory: string) {
  return readRequest(inventory, { extraVars: [], limit: undefined, tags: [], skipTags: [] } as never);
}

/** Each kind of host is asked once for each of its scripts; everybody's answer is written, and forgotten here. */
export async function record(inventory: string, { lab, file }: { lab: string; file: string }): Promise<void> {
  const request = bareRequest(inventory);
  const answers = answersOf(lab);
  const hosts = new Map(farmHosts(request.targets.size).map((host) => [host.name, host]));
  const index: Record<string, readonly [number, number]> = {};
  const output = openSync(file, 'w');
  let end = 0;
  for (const [name, tasks] of tasksByHost(request.fleet)) {
    const host = hosts.get(name);
    if (host === undefined) throw new Error(`no farm host ${name}`);
    const run: Remote['run'] = async ({ text }) => {
      const answer = await answers.answer(host, viaOf(tasks), text);
      const bytes = Buffer.from(JSON.stringify(answer));
      writeSync(output, bytes);
      index[name] = [end, bytes.length];
      end += bytes.length;
      return { kind: 'done', ...answer };
    };
    const close = (): Promise<void> => Promise.resolve();
    await lookAgain(
      { run, close },
      tasks,
      contextOver(request, () => ({ run, close })),
    );
  }
  closeSync(output);
  writeFileSync(`${file}.index`, JSON.stringify(index));
}

/** The survey and the decision of `plan`, each host saying what is recorded of it. */
export function planOver(request: BareRequest, file: string): Promise<PlannedFleet> {
  const index = JSON.parse(readFileSync(`${file}.index`, 'utf8')) as Record<
    string,
    readonly [number, number]
  >;
  const input = openSync(file, 'r');
  const said = (name: string): Outcome => {
    const [at, length] = index[name] ?? [0, 0];
    const bytes = Buffer.allocUnsafe(length);
    readSync(input, bytes, 0, length, at);
    const answer = JSON.parse(bytes.toString()) as { code: number; stdout: string; stderr: string };
    return { kind: 'done', ...answer };
  };
  const remoteOf = (host: string): Remote => ({
    run: () => Promise.resolve(said(host)),
    close: () => Promise.resolve(),
  });
  return planFleet(request.fleet, contextOver(request, remoteOf));
}

/** Every script has the same nonce, so that an answer fits whenever it is heard. */
function contextOver({ targets }: BareRequest, remoteOf: (host: string) => Remote): RunContext {
  return {
    run: '20260101-000000-0000',
    owner: 'bench@here',
    types: taskTypes,
    connector: {
      connect: (target) => Promise.resolve({ ok: true, remote: remoteOf(target.host) }),
      close: () => Promise.resolve(),
    },
    targets,
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
  };
}

function viaOf(tasks: readonly { readonly args: unknown }[]): string {
  const via = tasks.map(({ args }) => (args as { via?: unknown }).via).find((one) => typeof one === 'string');
  return typeof via === 'string' ? via : '';
}
