/**
 * How large a terminal is now. Node remembers what it was at the last SIGWINCH, and `getWindowSize()` tells only that:
 * under load a frame would be drawn for a terminal that has become narrower, and half of it would stay for ever.
 */
import type { WriteStream } from 'node:tty';

/** Columns and rows, asked anew; where they have changed, `resize` is emitted before this returns. */
export function sizeNow(stream: WriteStream): readonly [columns: number, rows: number] {
  (stream as WriteStream & { readonly _refreshSize?: () => void })._refreshSize?.();
  return [stream.columns, stream.rows];
}
