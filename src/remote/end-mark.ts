/**
 * Where a script ends in what a shell says that then waits for another one: there is no exit status, so it says a mark on
 * both streams, on stdout with the code. The mark is a nonce; what stands before it is the script's.
 */
export class EndMark {
  readonly #mark: string;
  readonly #last = { stdout: '', stderr: '' };
  #code: number | undefined;
  #isHeard = false;

  constructor(mark: string) {
    this.#mark = mark;
  }

  /** The script's exit code; undefined until both streams have told the end. */
  get code(): number | undefined {
    return this.#isHeard ? this.#code : undefined;
  }

  hear(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const text = this.#last[stream] + chunk.toString('latin1');
    this.#last[stream] = text.slice(-this.#mark.length - 9);
    if (stream === 'stderr') this.#isHeard ||= text.includes(`${this.#mark}\n`);
    else {
      const digits = new RegExp(`\n${this.#mark} (\\d+)\n`).exec(text)?.[1];
      if (digits !== undefined) this.#code = Number(digits);
    }
  }

  /** What was said before the end. */
  before(stream: 'stdout' | 'stderr', text: string): string {
    const at = text.lastIndexOf(stream === 'stdout' ? `\n${this.#mark} ` : `${this.#mark}\n`);
    return at < 0 ? text : text.slice(0, at);
  }
}
