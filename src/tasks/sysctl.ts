/**
 * Kernel settings by name. Order matters here: `ip_forward` is written after the others, since a host that forwards
 * before it is ready leaks; and the kernel resets `conf.all.accept_redirects` whenever `ip_forward` flips.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { Output } from '../shell/frames.ts';
import { nothing, type Script } from '../shell/sh.ts';
import { sysctlSyntax } from './boot/sysctl-syntax.ts';
import type { Facts } from './facts.ts';
import { foldedValue, readValues, type SysctlValues, sysctlKey, valuesProbe, written } from './proc-sys.ts';
import type { ArgsProblem, BootFile, Change, Observation, TaskType, Wanted } from './task-type.ts';
import type { Touch, WayIn } from './way-in.ts';

const schema = Type.Record(
  Type.String(),
  Type.Union([Type.Integer(), Type.String({ minLength: 1 })], {
    description: 'The value by the sysctl’s name: `net.ipv4.ip_forward: 1`. Several numbers are one string',
  }),
  { minProperties: 1, description: 'Names and values, as in sysctl.conf' },
);

type SysctlArgs = Static<typeof schema>;

/** `reset` is what a flip of ip_forward overwrites besides: kept so that the undo can put it back. */
type SysctlState = Readonly<{ values: SysctlValues; reset: SysctlValues }>;

const forward = 'net.ipv4.ip_forward';
const redirects = 'net.ipv4.conf.all.accept_redirects';

const doc = `Sets kernel parameters now, through /proc/sys, and at boot, by one file for each in /etc/sysctl.d.

Each value is read back after it was written: a value that the kernel refuses, or turns into another, fails the task
(the \`sysctl\` program would print the error and succeed). A name that the host does not have makes the host
unplannable; it is never taken for "not set yet". Names may be written with dots or with slashes; for an interface
with a dot in its name use slashes: \`net/ipv4/conf/eth0.100/rp_filter\`.

\`net.ipv4.ip_forward\` is written last. When it flips, the kernel resets \`net.ipv4.conf.all.accept_redirects\` and the
\`forwarding\` switch of every interface. The first is written again after it when the same task sets it, and an undo
puts it back; a \`forwarding\` that somebody had set for one interface alone is not put back.

At boot forwarding comes on by its file, after the rules: the unit of the task type \`ruleset\` runs before
systemd-sysctl, and keeps forwarding off when its rules cannot be loaded. Where another init system runs, nothing loads
the rules, so forwarding is not turned on at boot either.`;

export const sysctl: TaskType<SysctlArgs, SysctlState> = {
  name: 'sysctl',
  summary: 'Kernel parameters, read back after they are set',
  doc,
  examples: [
    { title: 'Forward packets', args: { 'net.ipv4.ip_forward': 1 } },
    {
      title: 'More source ports on a webserver',
      args: { 'net.ipv4.ip_local_port_range': '1024 65535', 'net.ipv4.tcp_tw_reuse': 1 },
    },
    { title: 'Strict reverse path on one VLAN', args: { 'net/ipv4/conf/eth0.100/rp_filter': 1 } },
  ],
  schema,
  problems,
  object: (args) => `sysctl ${Object.keys(wantedValues(args)).sort().join(' ')}`,
  probe: (args) => valuesProbe(probedKeys(args)),
  read,
  desired,
  changes,
  apply,
  boot,
  undo: 'turned',
  touches: 'reachability',
  wayIn,
};

function problems(args: SysctlArgs): readonly ArgsProblem[] {
  const found: ArgsProblem[] = [];
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(args)) {
    const key = sysctlKey(name);
    const first = key === undefined ? undefined : names.get(key);
    if (key === undefined)
      found.push({
        path: [name],
        message: `'${name}' is not the name of a sysctl`,
        hint: 'write it like net.ipv4.ip_forward',
      });
    else if (first !== undefined)
      found.push({ path: [name], message: `'${name}' and '${first}' are the same sysctl` });
    else names.set(key, name);
    if (typeof value === 'string' && /[^\x20-\x7e\t]/.test(value))
      found.push({ path: [name], message: `the value of '${name}' must be one line of plain text` });
  }
  return found;
}

function wantedValues(args: SysctlArgs): SysctlValues {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [sysctlKey(name) ?? name, foldedValue(String(value))]),
  );
}

function probedKeys(args: SysctlArgs): readonly string[] {
  const keys = Object.keys(wantedValues(args)).sort();
  return keys.includes(forward) && !keys.includes(redirects) ? [...keys, redirects] : keys;
}

function read(output: Output, args: SysctlArgs): Observation<SysctlState> {
  const { [redirects]: reset, ...rest } = readValues(output, probedKeys(args));
  const keys = Object.keys(wantedValues(args)).sort();
  const all: SysctlValues = reset === undefined ? rest : { ...rest, [redirects]: reset };
  const missing = keys.filter((key) => all[key] === undefined);
  if (missing.length > 0)
    return { kind: 'unknown', why: `no such sysctl on this host: ${missing.join(', ')}` };
  const values = Object.fromEntries(keys.map((key) => [key, all[key] ?? '']));
  const besides = keys.includes(forward) && !keys.includes(redirects) && reset !== undefined;
  return { kind: 'present', state: { values, reset: besides ? { [redirects]: reset } : {} } };
}

function desired(args: SysctlArgs, seen: Observation<SysctlState>): Wanted<SysctlState> {
  const values = wantedValues(args);
  const state: SysctlState = { values, reset: {} };
  const now = seen.kind === 'present' ? seen.state.values : {};
  if (values[forward] === undefined || values[forward] === now[forward]) return { kind: 'state', state };
  const text = `${forward} also resets ${redirects} and the forwarding switch of every interface`;
  return { kind: 'state', state, notes: [{ level: 'info', text }] };
}

function changes(from: SysctlState | null, to: SysctlState | null): readonly Change[] {
  return differing(from, to).map(([name, value]) => {
    const before = from?.values[name];
    return {
      action: 'update',
      kind: 'sysctl',
      name,
      ...(before === undefined ? {} : { from: before }),
      to: value,
    };
  });
}

function apply(from: SysctlState | null, to: SysctlState | null): Script {
  const differ = differing(from, to);
  if (to === null || differ.length === 0) return nothing;
  const flips = differ.some(([key]) => key === forward);
  const early = differ.filter(([key]) => key !== forward && !(flips && key === redirects));
  const late = flips ? Object.entries({ ...to.reset, ...picked(to.values, redirects) }) : [];
  return written([...early, ...differ.filter(([key]) => key === forward), ...late]);
}

/** A host that no longer forwards cuts who passes it; the check of the reverse path may drop our own packets. */
function wayIn(from: SysctlState | null, to: SysctlState | null, way: WayIn): readonly Touch[] {
  const changing = new Map(differing(from, to));
  if (way.kind === 'forwarded') {
    const text = `the way in to ${way.host} is forwarded here from ${way.clientAddress}, and ${forward} ends that`;
    return changing.get(forward) === '0' ? [{ kind: 'cuts', text }] : [];
  }
  const strict = [way.interface, way.arrives, 'all'].find((name) => {
    const value = changing.get(`net.ipv4.conf.${name.replaceAll('.', '/')}.rp_filter`);
    return value !== undefined && value !== '0';
  });
  if (strict === undefined) return [];
  return [
    { kind: 'rides', text: `the way in comes by ${way.arrives}, and its reverse path will be checked` },
  ];
}

function differing(from: SysctlState | null, to: SysctlState | null): readonly [string, string][] {
  return Object.entries(to?.values ?? {}).filter(([key, value]) => from?.values[key] !== value);
}

function picked(values: SysctlValues, key: string): SysctlValues {
  return values[key] === undefined ? {} : { [key]: values[key] };
}

/** Forwarding only where the rules are loaded before it. */
function boot(to: SysctlState | null, facts: Facts, from?: SysctlState | null): readonly BootFile[] {
  if (to === null)
    return Object.keys(from?.values ?? {}).map((key) => ({ path: bootPath(key), mode: 0, content: null }));
  return Object.entries(to.values)
    .filter(([key]) => key !== forward || facts.boot?.init === 'systemd')
    .map(bootFile);
}

/**
 * `99-zz`: /etc/sysctl.d/99-sysctl.conf is /etc/sysctl.conf and would win over an earlier name. sysctl.d reads the
 * canonical key as we do: where the first separator is a dot, a slash is a dot.
 */
function bootFile([key, value]: readonly [string, string]): BootFile {
  return {
    path: bootPath(key),
    mode: 0o644,
    content: `# Written by gwfleet.\n${key} = ${value}\n`,
    check: sysctlSyntax,
  };
}

function bootPath(key: string): string {
  return `/etc/sysctl.d/99-zz-gwfleet-${key.replaceAll('/', '%')}.conf`;
}
