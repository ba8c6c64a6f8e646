/**
 * What every host of a farm's inventory says to its first look, recorded in a file: a plan can be made of it without a
 * host, without a connection, and without the farm's own work in what it costs.
 */
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { readRequest } from '../../../src/cli/request.ts';
import type { Outcome, Remote } from '../../../src/remote/remote.ts';
import { type PlannedFleet, planFleet } from '../../../src/run/plan-fleet.ts';
import { taskTypes } from '../../../src/tasks/registry.ts';
import { farmHosts } from './fleet-files.ts';
import { answersOf } from './real-host.ts';

export type BareRequest = ReturnType<typeof bareRequest>;

export function bareRequest(inventory: string) {
  return readRequest(inventory, { extraVars: [], limit: undefined, tags: [], skipTags: [] } as never);
}

/** Each kind of host is asked once for each of its scripts; everybody's answer is written. */
export async function record(inventory: string, { lab, file }: { lab: string; file: string }): Promise<void> {
  const request = bareRequest(inventory);
  const answers = answersOf(lab);
  const hosts = new Map(farmHosts(request.targets.size).map((host) => [host.name, host]));
  const tasks = request.fleet.plays.flatMap((play) => [...play.tasks]);
  const hops = new Map(tasks.map(([name, own]) => [name, viaOf(own)]));
  const index: Record<string, readonly [number, number]> = {};
  const output = openSync(file, 'w');
  let end = 0;
  await planOver(request, async (name, script) => {
    const host = hosts.get(name);
    if (host === undefined) throw new Error(`no farm host ${name}`);
    const answer = await answers.answer(host, hops.get(name) ?? '', script);
    const bytes = Buffer.from(JSON.stringify(answer));
    writeSync(output, bytes);
    index[name] = [end, bytes.length];
    end += bytes.length;
    return { kind: 'done', ...answer };
  });
  closeSync(output);
  writeFileSync(`${file}.index`, JSON.stringify(index));
}

/** What a host has said, read from the file when it is asked for. */
export function recorded(file: string): (name: string) => Promise<Outcome> {
  const index = JSON.parse(readFileSync(`${file}.index`, 'utf8')) as Record<
    string,
    readonly [number, number]
  >;
  const input = openSync(file, 'r');
  return (name) => {
    const [at, length] = index[name] ?? [0, 0];
    const bytes = Buffer.allocUnsafe(length);
    readSync(input, bytes, 0, length, at);
    const answer = JSON.parse(bytes.toString()) as { code: number; stdout: string; stderr: string };
    return Promise.resolve({ kind: 'done', ...answer });
  };
}

/** The survey and the decision of `plan`, with `say` for the hosts. Every script has the same nonce. */
export function planOver(
  { fleet, targets }: BareRequest,
  say: (host: string, script: string) => Promise<Outcome>,
): Promise<PlannedFleet> {
  const remoteOf = (host: string): Remote => ({
    run: (script) => say(host, script.text),
    close: () => Promise.resolve(),
  });
  return planFleet(fleet, {
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
  });
}

function viaOf(tasks: readonly { readonly args: unknown }[]): string {
  const via = tasks.map(({ args }) => (args as { via?: unknown }).via).find((one) => typeof one === 'string');
  return typeof via === 'string' ? via : '';
}
