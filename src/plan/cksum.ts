/**
 * POSIX cksum(1) of a text, so that a host can tell with a tool it surely has whether it still looks as the plan saw
 * it. Source: IEEE Std 1003.1, cksum: CRC-32 of polynomial 04C11DB7, unreflected, with the length appended.
 */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

const encoder = new TextEncoder();

/** `<checksum> <bytes>` of the text in UTF-8, as cksum prints it for standard input. */
export function cksum(text: string): string {
  const bytes = encoder.encode(text);
  let crc = 0;
  for (const byte of bytes) crc = step(crc, byte);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256))
    crc = step(crc, length & 0xff);
  return `${~crc >>> 0} ${bytes.length}`;
}

function step(crc: number, byte: number): number {
  return ((crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
}
