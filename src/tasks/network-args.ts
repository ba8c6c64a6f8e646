/**
 * Arguments that the network task types share: interface names, pools, single addresses. The schemas check the
 * shape only; what an address means is checked by the *Problems functions, because a schema cannot say it well.
 */
import { type TObject, Type } from '@sinclair/typebox';
import { parseAddress, parseNetwork } from '../address/ipv4.ts';
import { type PoolSpec, readPool } from '../address/pool.ts';
import type { ArgsProblem } from './task-type.ts';

/** A device name as the kernel allows it; `eth1:0` is a label and no device. */
export function interfaceName(description: string) {
  return Type.String({ description, pattern: '^[A-Za-z0-9_.@+-]{1,15}$' });
}

/** `A-B`, a CIDR, one address, or a list of these. */
export function poolSpec(description: string) {
  return Type.Union([Type.String(), Type.Array(Type.String())], { description });
}

/** An object that takes no other keys. */
export function closedObject<T extends TObject['properties']>(properties: T, description?: string) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
}

export function poolProblems(key: string, spec: PoolSpec): readonly ArgsProblem[] {
  const reading = readPool(spec);
  if ('addresses' in reading) return [];
  return [{ path: typeof spec === 'string' ? [key] : [key, reading.part], message: reading.problem }];
}

export function addressProblems(path: readonly (string | number)[], text: string): readonly ArgsProblem[] {
  if (parseAddress(text) !== undefined) return [];
  const message = `'${text}' is not an IPv4 address; write four numbers without leading zeros, like 10.0.0.1`;
  return [{ path, message }];
}

export function networkProblems(path: readonly (string | number)[], text: string): readonly ArgsProblem[] {
  const network = parseNetwork(text);
  if (network === undefined) {
    const message = `'${text}' is not a network; write four numbers and a prefix length, like 10.0.0.0/8`;
    return [{ path, message }];
  }
  if (network.prefix === 0) return [{ path, message: `'${text}' is every address there is` }];
  return [];
}

/** The addresses of a pool that `poolProblems` found nothing wrong with. */
export function poolAddresses(spec: PoolSpec): readonly string[] {
  const reading = readPool(spec);
  if ('problem' in reading) throw new Error(`a pool was used unchecked: ${reading.problem}`);
  return reading.addresses;
}
