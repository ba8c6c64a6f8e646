/**
 * How the two sides of a gateway treat addresses: reverse path check, redirects, and a neighbour table for a fleet that
 * is on one link with it. What a reader gets wrong: the kernel takes the greater of `all` and the interface for
 * rp_filter, and either of both for send_redirects, so a zero on the interface alone says little.
 */
import type { ConntrackArgs } from './conntrack.ts';
import type { Facts } from './facts.ts';
import type { SysctlValues } from './proc-sys.ts';
import type { Note } from './task-type.ts';
import { ownWay } from './way-in.ts';

const reverseAll = 'net.ipv4.conf.all.rp_filter';
const sendAll = 'net.ipv4.conf.all.send_redirects';

/** The sysctls to look at; none where the task does not name the two sides. */
export function pathKeys(args: ConntrackArgs): readonly string[] {
  const sides = sidesOf(args);
  if (sides.length === 0) return [];
  const own = sides.flatMap((device) =>
    ['rp_filter', 'accept_redirects', 'send_redirects'].map((name) => keyOf(device, name)),
  );
  return [reverseAll, sendAll, ...own];
}

/** `wayOut` is the device of the default route; empty when there is none. */
export function pathWish(
  args: ConntrackArgs,
  { now, wayOut, facts }: { readonly now: SysctlValues; readonly wayOut: string; readonly facts: Facts },
): { readonly values: SysctlValues; readonly notes: readonly Note[] } {
  const sides = sidesOf(args);
  if (sides.length === 0) return { values: {}, notes: [] };
  const values: Record<string, string> = { [sendAll]: '0' };
  const notes: Note[] = [];
  for (const device of sides) {
    values[keyOf(device, 'accept_redirects')] = '0';
    values[keyOf(device, 'send_redirects')] = '0';
    if (args.reverse_path === 'kernel') continue;
    const why = args.reverse_path === 'loose' ? undefined : asymmetric(device, args, { wayOut, facts });
    const loose = args.reverse_path === 'loose' || why !== undefined;
    values[keyOf(device, 'rp_filter')] = loose ? '2' : '1';
    if (why !== undefined)
      notes.push({ level: 'info', text: `reverse path check of ${device} is loose: ${why}` });
  }
  if (args.reverse_path === undefined && Number(now[reverseAll] ?? 0) > 1) {
    const text = `${reverseAll} is ${now[reverseAll] ?? ''}, so the check is loose on every interface`;
    notes.push({ level: 'info', text });
  }
  return { values, notes };
}

/** Hosts that may be on one link with the gateway, when its subnet is larger than the kernel's neighbour table. */
export function crowdedLink({ internal }: ConntrackArgs, { interfaces }: Facts): number | undefined {
  const subnets = interfaces.find(({ name }) => name === internal)?.addresses ?? [];
  // 1,024 entries are the kernel's limit; 2,000 hosts need the thresholds of 16,384.
  return subnets.some(({ prefix }) => prefix < 22) ? 2000 : undefined;
}

/** A strict check would drop packets that come in where the answer does not go out. */
function asymmetric(
  device: string,
  { external }: ConntrackArgs,
  { wayOut, facts }: { readonly wayOut: string; readonly facts: Facts },
): string | undefined {
  if (device === external && wayOut !== device)
    return wayOut === '' ? 'there is no default route' : `the default route leaves by ${wayOut}`;
  const crooked = ownWay(facts).find((way) => way.arrives === device && way.interface !== device);
  return crooked === undefined ? undefined : `the way in comes by it and leaves by ${crooked.interface}`;
}

function sidesOf({ internal, external }: ConntrackArgs): readonly string[] {
  return [internal, external].filter((device) => device !== undefined);
}

function keyOf(device: string, name: string): string {
  return `net.ipv4.conf.${device.replaceAll('.', '/')}.${name}`;
}
