/**
 * Domain settings of a host with their types. Values of a wrong type are told by the inventory's own check, so they
 * are taken for absent here and nothing is said twice.
 */
import { parseAddress } from '../address/ipv4.ts';
import { readPool } from '../address/pool.ts';
import { expanded } from '../inventory/expansion.ts';
import type { Host, Value } from '../inventory/model.ts';
import type { Place } from '../source/diagnostic.ts';
import type { GatewayState } from './model.ts';

export function textSetting(host: Host, name: string): string | undefined {
  const value = setting(host, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function addressSetting(host: Host, name: string): string | undefined {
  const text = textSetting(host, name);
  return text === undefined || parseAddress(text) === undefined ? undefined : text;
}

export function stateSetting(host: Host): GatewayState {
  const text = textSetting(host, 'gateway_state');
  return text === 'standby' || text === 'draining' ? text : 'active';
}

/** The addresses of `snat_pool`; empty when it is missing or wrong. */
export function poolSetting(host: Host): readonly string[] {
  const value = setting(host, 'snat_pool');
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!parts.every((part) => typeof part === 'string')) return [];
  const reading = readPool(parts);
  return 'addresses' in reading ? reading.addresses : [];
}

export function valueSetting(host: Host, name: string): Value | undefined {
  return setting(host, name);
}

function setting(host: Host, name: string): Value | undefined {
  const written = host.variables.get(name);
  if (written === undefined) return undefined;
  const expansion = expanded(written, host.variables);
  return 'value' in expansion ? expansion.value : undefined;
}

/** Where a setting of a host was written, else the host itself. */
export function settingPlace(host: Host, variable: string): Place {
  return host.places.get(variable) ?? host.place;
}

/** How we reach a host, if that is an address and not a name. */
export function managementAddress(host: Host): string | undefined {
  const written = textSetting(host, 'ansible_ssh_host') ?? textSetting(host, 'ansible_host') ?? host.name;
  return parseAddress(written) === undefined ? undefined : written;
}
