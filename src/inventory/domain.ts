/**
 * The variables of the domain as typed settings with defaults, each mistake at the place of the value that won. Only
 * members of `gateways` and `webservers` are looked at: elsewhere `gateway` or `probes` are other people's names.
 * Long because each of the many variables has its reader here, and nowhere else.
 */
import { formatNetwork, parseAddress, parseNetwork } from '../address/ipv4.ts';
import { readPool } from '../address/pool.ts';
import type { Diagnostic, Place } from '../source/diagnostic.ts';
import { distance } from '../source/did-you-mean.ts';
import { type SchemaCheck, schemaCheck } from '../source/schema-check.ts';
import { shownValue } from '../source/value.ts';
import { nodeAt, type SourceNode } from '../source/yaml-document.ts';
import {
  type GatewayVariables,
  gatewaySchema,
  gatewayVariables,
  type Probe,
  type Spread,
  type WebserverVariables,
  webserverSchema,
  webserverVariables,
} from './domain-schema.ts';
import { valueProblems } from './domain-values.ts';
import { expanded, isTemplated } from './expansion.ts';
import type { Host, Inventory, Value } from './model.ts';

export interface GatewaySettings {
  readonly internalInterface: string;
  /** CIDR with its host bits cleared. */
  readonly internalNetwork: string;
  readonly internalAddress: string;
  readonly externalInterface: string;
  /** Single addresses in order; the order numbers the aliases. */
  readonly pool: readonly string[];
  readonly spread: Spread;
  readonly sticky: readonly (string | number)[];
  readonly rulesetStyle: 'hardened' | 'seed';
  readonly gatewayState: 'active' | 'standby' | 'draining';
  readonly probes: readonly Probe[];
}

export interface WebserverSettings {
  readonly internalInterface: string;
  readonly internalNetwork: string;
  /** `auto` or a gateway's name. */
  readonly gateway: string;
  readonly probes: readonly Probe[];
}

export interface SettingsReading<Settings> {
  /** Missing when there are errors. */
  readonly settings?: Settings;
  readonly diagnostics: readonly Diagnostic[];
}

/** The defaults of variables that a play may name without anybody setting them. */
export const domainDefaults: Readonly<Record<string, Value>> = {
  internal_interface: 'eth0',
  internal_network: '10.0.0.0/8',
  external_interface: 'eth1',
  spread: 'connection',
  sticky: [],
  ruleset_style: 'hardened',
  gateway_state: 'active',
  gateway: 'auto',
  probes: [],
};

export function gatewaySettings(host: Host): SettingsReading<GatewaySettings> {
  const { values, diagnostics } = readRole(host, gatewayRole());
  const missing = [...diagnostics, ...missingOf(host, values)];
  if (missing.length > 0) return { diagnostics: missing };
  // A pool may be written at the twin alone.
  const variables = { ...domainDefaults, ...values } as Required<GatewayVariables>;
  const pool = readPool(values['snat_pool'] === undefined ? [] : variables.snat_pool);
  return {
    settings: {
      ...common(variables),
      internalAddress: internalAddress(host, values) ?? '',
      externalInterface: variables.external_interface,
      pool: 'addresses' in pool ? pool.addresses : [],
      spread: variables.spread,
      sticky: variables.sticky,
      rulesetStyle: variables.ruleset_style,
      gatewayState: variables.gateway_state,
    },
    diagnostics: [],
  };
}

export function webserverSettings(host: Host): SettingsReading<WebserverSettings> {
  const { values, diagnostics } = readRole(host, webserverRole());
  if (diagnostics.length > 0) return { diagnostics };
  const variables = { ...domainDefaults, ...values } as Required<WebserverVariables>;
  return { settings: { ...common(variables), gateway: variables.gateway }, diagnostics: [] };
}

/** Wrong values and misspelt names of all gateways and webservers; what is missing is said by the readers above. */
export function domainProblems(inventory: Inventory): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const host of inventory.hosts.values()) {
    for (const role of rolesOf(host)) {
      for (const diagnostic of [...readRole(host, role).diagnostics, ...misspelt(host, role)]) {
        const { file, line, col } = diagnostic.place ?? host.place;
        found.set(`${file}:${line}:${col}:${diagnostic.message}`, diagnostic);
      }
    }
  }
  return [...found.values()];
}

interface Role {
  readonly names: readonly string[];
  readonly check: SchemaCheck;
  readonly slips: Map<string, string | undefined>;
}

let gateway: Role | undefined;
let webserver: Role | undefined;

/** Compiled when first needed: `--help` is not to wait for ajv. */
function gatewayRole(): Role {
  gateway ??= { names: Object.keys(gatewayVariables), check: schemaCheck(gatewaySchema), slips: new Map() };
  return gateway;
}

function webserverRole(): Role {
  webserver ??= {
    names: Object.keys(webserverVariables),
    check: schemaCheck(webserverSchema),
    slips: new Map(),
  };
  return webserver;
}

function rolesOf(host: Host): readonly Role[] {
  return [
    ...(host.groups.includes('gateways') ? [gatewayRole()] : []),
    ...(host.groups.includes('webservers') ? [webserverRole()] : []),
  ];
}

/** Thousands of hosts share a few names: each is compared once. */
function meantBy(name: string, role: Role): string | undefined {
  if (!role.slips.has(name)) {
    role.slips.set(
      name,
      role.names.find((known) => {
        const steps = known.length > 8 ? 2 : 1;
        return Math.abs(name.length - known.length) <= steps && distance(name, known) <= steps;
      }),
    );
  }
  return role.slips.get(name);
}

interface RoleValues {
  readonly values: Readonly<Record<string, Value>>;
  readonly diagnostics: readonly Diagnostic[];
}

function readRole(host: Host, role: Role): RoleValues {
  const entries = role.names.flatMap((name) => {
    const value = host.variables.get(name);
    return value === undefined ? [] : [{ name, node: nodeOf(host, name, value) }];
  });
  const nodes: { key: string; keyIsText: true; keyPlace: Place; node: SourceNode }[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { name, node } of entries) {
    const expansion = expanded(node.value, host.variables);
    if ('problem' in expansion) diagnostics.push(problemAt(node, `'${name}': ${expansion.problem}`));
    else {
      // Places inside a value that came out of a template would be places in the template.
      const resolved = isTemplated(node.value) ? { value: expansion.value, place: node.place } : node;
      nodes.push({ key: name, keyIsText: true, keyPlace: node.place, node: resolved });
    }
  }
  const values = Object.fromEntries(nodes.map(({ key, node }) => [key, node.value]));
  const root: SourceNode = { value: values, place: host.place, entries: nodes };
  const mistyped = role.check(root);
  if (mistyped.length > 0) return { values, diagnostics: [...diagnostics, ...mistyped] };
  return { values, diagnostics: [...diagnostics, ...problemsAt(root, values)] };
}

function nodeOf(host: Host, name: string, value: Value): SourceNode {
  return (
    host.nodes?.get(name) ?? {
      value,
      place: host.places.get(name) ?? { file: '--extra-vars', line: 1, col: 1 },
    }
  );
}

function problemsAt(root: SourceNode, values: Readonly<Record<string, Value>>): readonly Diagnostic[] {
  return valueProblems(values).map(({ variable, path, message, hint }) => {
    const node = nodeAt(root, [variable, ...path])?.node ?? nodeAt(root, [variable])?.node ?? root;
    return problemAt(node, message.startsWith('spread:') ? message : `'${variable}': ${message}`, hint);
  });
}

function problemAt(node: SourceNode, message: string, hint?: string): Diagnostic {
  return {
    severity: 'error',
    message,
    place: node.place,
    ...(hint === undefined ? {} : { hint }),
    ...(node.via === undefined
      ? {}
      : { related: [{ message: 'used here, through an alias', place: node.via }] }),
  };
}

function missingOf(host: Host, values: Readonly<Record<string, Value>>): readonly Diagnostic[] {
  const missing: Diagnostic[] = [];
  if (!host.variables.has('snat_pool') && !host.variables.has('twin')) {
    const hint = 'for example snat_pool: 203.0.113.10-203.0.113.15';
    missing.push({
      severity: 'error',
      message: `the gateway '${host.name}' has no snat_pool`,
      place: host.place,
      hint,
    });
  }
  if (!host.variables.has('internal_address') && internalAddress(host, values) === undefined) {
    const hint = 'set internal_address to its address on the private side, like 10.0.0.1';
    const message = `the gateway '${host.name}' has no internal_address, and its ansible_host is not an IPv4 address`;
    missing.push({ severity: 'error', message, place: host.places.get('ansible_host') ?? host.place, hint });
  }
  return missing;
}

function internalAddress(host: Host, values: Readonly<Record<string, Value>>): string | undefined {
  const { variables } = host;
  const written =
    values['internal_address'] ??
    variables.get('ansible_ssh_host') ??
    variables.get('ansible_host') ??
    host.name;
  const expansion = expanded(written, variables);
  const address = 'value' in expansion ? shownValue(expansion.value) : '';
  return parseAddress(address) === undefined ? undefined : address;
}

function common(
  variables: Required<Pick<GatewayVariables, 'internal_interface' | 'internal_network' | 'probes'>>,
): Omit<WebserverSettings, 'gateway'> {
  const network = parseNetwork(variables.internal_network);
  return {
    internalInterface: variables.internal_interface,
    internalNetwork: network === undefined ? variables.internal_network : formatNetwork(network),
    probes: variables.probes,
  };
}

/** The variable of ours that a name of `--extra-vars` is one slip away from. */
export function misspeltVariable(name: string): string | undefined {
  if (name in gatewayVariables || name in webserverVariables) return undefined;
  return meantBy(name, gatewayRole()) ?? meantBy(name, webserverRole());
}

/** Names one slip away from one of ours: `snat_pol`. Short names only one step, or `thread` would be `spread`. */
function misspelt(host: Host, role: Role): readonly Diagnostic[] {
  return [...host.places].flatMap(([name, place]) => {
    if (name in gatewayVariables || name in webserverVariables) return [];
    const meant = meantBy(name, role);
    if (meant === undefined) return [];
    const message = `the variable '${name}' means nothing to gwfleet`;
    return [{ severity: 'warning', message, place, hint: `did you mean '${meant}'?` } satisfies Diagnostic];
  });
}
