/**
 * What a pool of so many addresses holds, and the connection table that fits it. Ports are counted for each
 * destination anew, entries of the table are not: one that fits the pool is full when two destinations are.
 */

/** Ports 1024 to 65535: what one address gives towards one destination and protocol. */
export const portsPerAddress = 64_512;

/** An entry of the table with its extensions on a 64-bit kernel, rounded up. */
export const entryBytes = 400;

/** A full table may take this part of a host's memory. */
const memoryShare = 1 / 16;

/** The kernel rounds buckets up to whole pages; this is a whole number of them for pages up to 64 KiB. */
export const bucketStep = 8192;

/** Entries of a table that fits the pool; never less than the kernel's own default. */
export function tableEntries(addresses: number): number {
  return Math.max(262_144, 2 ** Math.ceil(Math.log2(portsPerAddress * addresses)));
}

/** Entries that a host of so much memory may hold. */
export function entriesInMemory(memoryBytes: number): number {
  return Math.floor((memoryBytes * memoryShare) / entryBytes / bucketStep) * bucketStep;
}

/** Memory that a host must have for a table of so many entries. */
export function memoryForEntries(entries: number): number {
  return (entries * entryBytes) / memoryShare;
}
