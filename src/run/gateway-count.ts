/**
 * Waits until a gateway carries no live connection of the inside any more, counted on the gateway itself, or until
 * the time is over. What a reader gets wrong: this is not the drain. Webservers keep their old connections on it by
 * themselves; here it is only seen when the last of them has ended.
 */
import { contains, parseAddress, parseNetwork } from '../address/ipv4.ts';
import type { Remote } from '../remote/remote.ts';
import { carriedScript, readCarried } from '../tasks/carried.ts';
import { openRemote, type RunContext } from './context.ts';
import { lookOver } from './look.ts';

export interface Emptying {
  readonly gateway: string;
  /** CIDR: only what comes from there counts. */
  readonly internalNetwork: string;
  readonly untilMs: number;
}

/** What is left on it: zero when it is empty; or in words why it could not be counted. */
export interface Carried {
  readonly connections: number;
  readonly webservers: number;
}

const lookSeconds = 2;
const tellSeconds = 10;

export async function waitUntilEmpty(order: Emptying, context: RunContext): Promise<Carried | string> {
  const remote = await openRemote(order.gateway, context);
  if (typeof remote === 'string') return `${order.gateway}: ${remote}`;
  const carried = await watched(order, remote, context);
  await remote.close();
  return carried;
}

async function watched(order: Emptying, remote: Remote, context: RunContext): Promise<Carried | string> {
  let told = { atMs: Number.NEGATIVE_INFINITY, connections: -1 };
  for (;;) {
    const carried = await counted(order, remote, context);
    if (typeof carried === 'string') return carried;
    const now = context.nowMs();
    if (carried.connections !== told.connections && now - told.atMs >= tellSeconds * 1000) {
      told = { atMs: now, connections: carried.connections };
      context.emit({
        type: 'note',
        host: order.gateway,
        message: `${order.gateway} carries ${carriedText(carried)}`,
      });
    }
    const leftMs = order.untilMs - now;
    if (carried.connections === 0 || leftMs <= 0 || context.stop.aborted) return carried;
    await context.sleep(Math.min(lookSeconds * 1000, leftMs));
  }
}

export function carriedText({ connections, webservers }: Carried): string {
  if (connections === 0) return 'no connection any more';
  const of = `${webservers} ${webservers === 1 ? 'webserver' : 'webservers'}`;
  return `${connections} ${connections === 1 ? 'connection' : 'connections'} of ${of}`;
}

async function counted(
  { gateway, internalNetwork }: Emptying,
  remote: Remote,
  context: RunContext,
): Promise<Carried | string> {
  const looked = await lookOver(remote, { script: carriedScript, read: readCarried }, context);
  if ('why' in looked) return `${gateway}: its connections cannot be counted: ${looked.why}`;
  const network = parseNetwork(internalNetwork);
  const inside = [...looked.seen].filter(
    ([source]) => network === undefined || contains(network, parseAddress(source) ?? 0),
  );
  return { connections: inside.reduce((sum, [, count]) => sum + count, 0), webservers: inside.length };
}
