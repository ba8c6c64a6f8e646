/** What a host does not let us set, in words, and what that means for capacity. */
import type { ConntrackArgs } from './conntrack.ts';
import { conntrackWish, maxKey } from './conntrack-size.ts';
import type { Facts } from './facts.ts';
import type { Note } from './task-type.ts';

export function notLoaded(args: ConntrackArgs, facts: Facts): Note {
  const wanted = conntrackWish(args, {}, facts).values[maxKey] ?? '';
  const text = `nf_conntrack is not loaded and cannot be loaded from here: its table stays at the kernel’s default, wanted ${wanted}: beyond 262144 connections or fewer, new ones are refused ("table full")`;
  return { level: 'warning', text };
}

export function unsettable(
  key: string,
  { wanted, present, args }: { wanted: string; present: string | undefined; args: ConntrackArgs },
): Note {
  // Nobody asked for more neighbours where we only saw a large subnet.
  const level = key.includes('gc_thresh') && args.neighbours === undefined ? 'info' : 'warning';
  if (present === undefined) {
    const meaning = key.endsWith('gc_thresh3') ? ': how many neighbours are reached is not ours to say' : '';
    return { level, text: `this host has no ${key}; it would have been ${wanted}${meaning}` };
  }
  const text = `${key} cannot be set from here and stays ${present}, wanted ${wanted}${meaningOf(key, present)}`;
  return { level, text };
}

/** What it means for capacity. */
function meaningOf(key: string, present: string): string {
  if (key === maxKey) return `: beyond ${present} connections in all, new ones are refused ("table full")`;
  if (key.endsWith('_buckets')) return ': a table with more entries than that is searched more slowly';
  if (key.endsWith('gc_thresh3')) return `: beyond ${present} neighbours, new ones are not reached`;
  return key.includes('_timeout')
    ? `: such connections keep their ports for ${present} s after their last packet`
    : '';
}
