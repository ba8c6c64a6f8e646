/**
 * A fleet of twice the size is twice the work, from its files to the printed plan.
 * The sights are those of two hosts of a lab, the addresses each host's own.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { expect, it } from 'vitest';
import { planFileText } from '../../src/cli/plan-file.ts';
import { readRequest } from '../../src/cli/request.ts';
import { capacityAnswer } from '../../src/fleet/capacity-answer.ts';
import { readFleet } from '../../src/fleet/fleet.ts';
import { countPlan } from '../../src/plan/plan.ts';
import type { Remote } from '../../src/remote/remote.ts';
import { colourless } from '../../src/render/palette.ts';
import { planText } from '../../src/render/plan-text.ts';
import { planFleet } from '../../src/run/plan-fleet.ts';
import { taskTypes } from '../../src/tasks/registry.ts';
import { countedWork } from './counted-work.ts';

const sights = {
  gateway: readFileSync(new URL('sights/gateway.txt', import.meta.url), 'utf8'),
  webserver: readFileSync(new URL('sights/webserver.txt', import.meta.url), 'utf8'),
};
const flags = { playbook: undefined, extraVars: [], limit: undefined, tags: [], skipTags: [] } as never;

interface Pretended {
  readonly name: string;
  readonly text: string;
  readonly sight: string;
}

/** `pairs`: each second gateway stands by for the one before it. */
function gateway(number: number, fleet: 'single' | 'pairs'): Pretended {
  const inside = `10.64.${number >> 8}.${number & 255}`;
  const pool = `198.18.${number >> 5}.${(number & 31) * 8}`;
  const own = `snat_pool: ${pool}/30, probes: [{ tcp: "198.51.100.7:443" }]`;
  const twin = `twin: gw${number - 1}, gateway_state: standby`;
  const standsBy = fleet === 'pairs' && number % 2 === 0;
  const hash = fleet === 'pairs' ? ', spread: hash' : '';
  return {
    name: `gw${number}`,
    text: `{ ansible_host: ${inside}, ${standsBy ? twin : own}${hash} }`,
    sight: sights.gateway.replaceAll('INSIDE', inside).replaceAll('POOL', pool),
  };
}

function webserver(number: number): Pretended {
  const inside = `10.128.${number >> 8}.${number & 255}`;
  const sight = sights.webserver.replaceAll('INSIDE', inside);
  return { name: `web${String(number).padStart(5, '0')}`, text: `{ ansible_host: ${inside} }`, sight };
}

function inventoryText(gateways: readonly Pretended[], webservers: readonly Pretended[]): string {
  const lines = (hosts: readonly Pretended[]): readonly string[] =>
    hosts.map(({ name, text }) => `        ${name}: ${text}`);
  return [
    'all:',
    '  vars: { ansible_user: root }',
    '  children:',
    ...['    gateways:', '      hosts:', ...lines(gateways)],
    ...['    webservers:', '      hosts:', ...lines(webservers)],
  ].join('\n');
}

/** All that `plan`, `plan -o` and `capacity` do, but for the connections. */
async function plan(gateways: number, fleet: 'single' | 'pairs'): Promise<void> {
  const [ways, others] = [
    Array.from({ length: gateways }, (_, at) => gateway(at + 1, fleet)),
    Array.from({ length: gateways * 10 }, (_, at) => webserver(at + 1)),
  ];
  const folder = mkdtempSync(join(tmpdir(), 'gwfleet-growth-'));
  const file = join(folder, 'inventory.yaml');
  writeFileSync(file, inventoryText(ways, others));
  const request = readRequest(file, flags);
  rmSync(folder, { recursive: true });
  const said = new Map([...ways, ...others].map(({ name, sight }) => [name, sight]));
  const remoteOf = (host: string): Remote => ({
    run: () =>
      Promise.resolve({ kind: 'done', code: 0, stdout: said.get(host) ?? '', stderr: 'MARK facts begin\n' }),
    close: () => Promise.resolve(),
  });
  const { plan: made } = await planFleet(request.fleet, {
    ...{ run: '20260101-000000-0000', owner: 'somebody@here', types: taskTypes, targets: request.targets },
    connector: {
      connect: ({ host }) => Promise.resolve({ ok: true, remote: remoteOf(host) }),
      close: () => Promise.resolve(),
    },
    ...{
      gateways: new Map(),
      emit: () => undefined,
      limit: pLimit(64),
      beforeBatch: () => Promise.resolve(),
    },
    ...{ stop: new AbortController().signal, commandTimeoutSeconds: 60, guard: 'on' },
    ...{ nonce: () => 'MARK', nowMs: () => 0, sleep: () => Promise.resolve() },
  });
  const counts = countPlan(made);
  expect(counts).toMatchObject({ hosts: gateways * 11, hostsUnplannable: 0, hostsChanging: gateways * 11 });
  expect(planText(made, 'full', colourless)).toContain('web00001');
  expect(planFileText({ plan: made, request: request.fleet })).toContain('web00001');
  expect(capacityAnswer(readFleet(request.inventory).fleet, {}).webservers).toBe(gateways * 10);
}

it.each(['single', 'pairs'] as const)(
  'plans twice as many hosts with twice the work: gateways in %s',
  async (fleet) => {
    await plan(6, fleet);
    const small = await countedWork(() => plan(24, fleet));
    const large = await countedWork(() => plan(48, fleet));
    expect(large / small).toBeGreaterThan(1.7);
    expect(large / small).toBeLessThan(2.15);
  },
);
