/**
 * Proves a gateway end to end before anybody moves to it: one webserver reaches its probes through it, by a host
 * route that nothing else on that host uses, and the gateway's connection table shows that it went out under the
 * pool. What a reader gets wrong: a rule that stands is not a packet that comes back; only this is.
 */
import { addressOwnersScript, readAddressOwners } from '../tasks/address-owner.ts';
import {
  type GatewayLook,
  gatewayLookScript,
  readGatewayLook,
  type SeenFlow,
} from '../tasks/gateway-look.ts';
import {
  type Probe,
  probeName,
  readSource,
  readThrough,
  sourceScript,
  type ThroughAnswer,
  throughScript,
} from '../tasks/through.ts';
import type { RunContext } from './context.ts';
import { lookAt } from './look.ts';

export interface NewGateway {
  readonly name: string;
  readonly internalAddress: string;
  readonly internalInterface: string;
  readonly externalInterface: string;
  readonly pool: readonly string[];
}

export interface Canary {
  readonly name: string;
  readonly probes: readonly Probe[];
}

/** `problem`: nobody may move to it, and why. `said`: what is proven, or what could not be asked. */
export type Proof = { readonly problem: string } | { readonly said: string };

/** Before the pool is put on the gateway: nobody else may answer for it. */
export async function poolIsFree(gateway: NewGateway, context: RunContext): Promise<Proof> {
  const { name, externalInterface, pool } = gateway;
  const looked = await lookAt(
    name,
    { script: (mark) => addressOwnersScript(mark, externalInterface, pool), read: readAddressOwners },
    context,
  );
  if ('why' in looked) return { problem: looked.why };
  const { taken, unasked } = looked.seen;
  if (taken.length > 0) {
    const list = taken.map(({ address, owner }) => `${address} (${owner})`).join(', ');
    return { problem: `somebody else answers for pool addresses of ${name}: ${list}` };
  }
  return {
    said:
      unasked === undefined
        ? `nobody else answers for the ${pool.length} pool addresses of ${name}`
        : `${name}: whether somebody else has the pool addresses could not be asked: ${unasked}`,
  };
}

/** Through the gateway and back, seen from both of its sides. */
export async function proveGateway(gateway: NewGateway, canary: Canary, context: RunContext): Promise<Proof> {
  const order = { via: gateway.internalAddress, probes: canary.probes, timeoutSeconds: 3, retries: 1 };
  const source = await lookAt(
    canary.name,
    { script: (mark) => sourceScript(mark, order.via), read: readSource },
    context,
  );
  if ('why' in source) return { problem: source.why };
  if (source.seen === '') return { problem: `${canary.name} has no way to ${order.via}` };
  const before = await gatewayLook(gateway, source.seen, context);
  if ('why' in before) return { problem: before.why };
  const through = await lookAt(
    canary.name,
    {
      script: (mark) => throughScript(mark, [order]),
      read: (mark, stdout) => readThrough(mark, [order], stdout),
    },
    context,
  );
  if ('why' in through) return { problem: through.why };
  const after = await gatewayLook(gateway, source.seen, context);
  if ('why' in after) return { problem: after.why };
  const [answer] = through.seen;
  if (answer === undefined) throw new Error('one order has one answer');
  const known = new Set(before.seen.flows.map(({ key }) => key));
  const flows = after.seen.flows.filter(({ key }) => !known.has(key));
  return proofVerdict({
    gateway,
    canary,
    answer,
    look: { ...after.seen, flows, leaks: after.seen.leaks - before.seen.leaks },
  });
}

/** The gateway's own part alone, where no webserver may look through it. */
export async function gatewayFaults(gateway: NewGateway, context: RunContext): Promise<Proof> {
  const looked = await gatewayLook(gateway, gateway.internalAddress, context);
  if ('why' in looked) return { problem: looked.why };
  const { faults } = looked.seen;
  return faults.length > 0
    ? { problem: `${gateway.name}: ${faults.join('; ')}` }
    : { said: `${gateway.name} forwards and its uplink is there; nobody has looked through it` };
}

function gatewayLook(
  { name, internalInterface, externalInterface }: NewGateway,
  source: string,
  context: RunContext,
): ReturnType<typeof lookAt<GatewayLook>> {
  const order = { internalInterface, externalInterface, source };
  return lookAt(name, { script: (mark) => gatewayLookScript(mark, order), read: readGatewayLook }, context);
}

export interface ProofSight {
  readonly gateway: NewGateway;
  readonly canary: Canary;
  readonly answer: ThroughAnswer;
  /** With the new flows and leaks only. */
  readonly look: GatewayLook;
}

/** What the sights of both sides mean together. */
export function proofVerdict({ gateway, canary, answer, look }: ProofSight): Proof {
  const who = `${canary.name} through ${gateway.name}`;
  if (answer.problem !== undefined) return { problem: `${who}: ${answer.problem}` };
  const bad = answer.answers.flatMap(({ result, why }, at) => {
    const probe = canary.probes[at];
    return result === 'ok' || probe === undefined ? [] : [`${probeName(probe)}: ${why}`];
  });
  const strange = strangeFlows(gateway, look.flows);
  const causes = [
    ...(answer.nextHop === 'silent'
      ? [`nobody answers for its inside address ${gateway.internalAddress}`]
      : []),
    ...look.faults.map((fault) => `${gateway.name}: ${fault}`),
    ...(look.leaks > 0
      ? [`${look.leaks} packets would have left ${gateway.name} untranslated, its leak guard dropped them`]
      : []),
    ...strange,
  ];
  if (bad.length > 0 || strange.length > 0)
    return { problem: [...bad.map((text) => `${who}: ${text}`), ...causes].join('; ') };
  if (look.unread !== undefined)
    return { said: `${who}: all probes answer; under which address could not be seen: ${look.unread}` };
  const seen = [...new Set(look.flows.map(({ seenAs }) => seenAs))];
  if (seen.length === 0)
    return {
      problem: `${who}: the probes answer, but ${gateway.name} knows no such connection: they went another way`,
    };
  return { said: `${who}: all probes answer, seen outside as ${seen.join(' ')}` };
}

function strangeFlows({ name, pool }: NewGateway, flows: readonly SeenFlow[]): readonly string[] {
  const addresses = new Set(flows.map(({ seenAs }) => seenAs).filter((address) => !pool.includes(address)));
  return [...addresses].map((address) => `packets leave ${name} as ${address}, which is not in its pool`);
}
