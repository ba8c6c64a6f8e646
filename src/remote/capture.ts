/**
 * What a stream said, up to a cap: its head and its tail, with a line between that says how much is missing. Bytes
 * are decoded across chunk borders, so that a character cut in two by the network stays one character.
 */
import { StringDecoder } from 'node:string_decoder';

/** How many bytes of a stream are kept at its start and at its end. */
export interface CaptureLimits {
  readonly headBytes: number;
  readonly tailBytes: number;
}

export const captureLimits: CaptureLimits = { headBytes: 4 * 1024 * 1024, tailBytes: 64 * 1024 };

/** The growing text of one stream. */
export class Capture {
  readonly #limits: CaptureLimits;
  readonly #decoder = new StringDecoder('utf8');
  #head = '';
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #skippedBytes = 0;

  constructor(limits: CaptureLimits) {
    this.#limits = limits;
  }

  /** The text so far, without the tail: what a dialog may look at while the stream runs. */
  get head(): string {
    return this.#head;
  }

  add(chunk: Buffer): void {
    const room = this.#limits.headBytes - this.#headBytes;
    if (room > 0) {
      const part = chunk.subarray(0, room);
      this.#head += this.#decoder.write(part);
      this.#headBytes += part.length;
    }
    if (chunk.length > room) this.#addTail(chunk.subarray(Math.max(room, 0)));
  }

  /** All that was kept. */
  text(): string {
    if (this.#tailBytes === 0) return this.#head + this.#decoder.end();
    const tail = Buffer.concat(this.#tail);
    const isWhole = this.#skippedBytes === 0 && tail.length <= this.#limits.tailBytes;
    if (isWhole) return this.#head + this.#decoder.end(tail);
    const kept = tail.subarray(Math.max(0, tail.length - this.#limits.tailBytes));
    const skipped = this.#skippedBytes + tail.length - kept.length;
    return `${this.#head}\n[${skipped} bytes left out]\n${afterCutCharacter(kept).toString('utf8')}`;
  }

  #addTail(chunk: Buffer): void {
    // A slice keeps the whole of its network buffer alive, hence the copy.
    this.#tail.push(Buffer.from(chunk));
    this.#tailBytes += chunk.length;
    while (
      this.#tail.length > 1 &&
      this.#tailBytes - (this.#tail[0]?.length ?? 0) >= this.#limits.tailBytes
    ) {
      const dropped = this.#tail.shift()?.length ?? 0;
      this.#tailBytes -= dropped;
      this.#skippedBytes += dropped;
    }
  }
}

function afterCutCharacter(bytes: Buffer): Buffer {
  let at = 0;
  while (at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return bytes.subarray(at);
}
