/**
 * Several scripts in one exec, their outputs kept apart. Each is run in a subshell without standard input; a line
 * with the mark stands before and after it on stdout and on stderr. The mark is a nonce of the run, so that what
 * a host prints cannot pass for a frame.
 */
import { block, type Script, sh, subshell } from './sh.ts';

/** What one framed script said. `code` is its exit status. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The script between marks. `id` is a word without spaces. */
export function framed(mark: string, id: string, body: Script): Script {
  const begin = sh`printf '%s %s begin\n' ${mark} ${id}`;
  return block(
    sh`${begin}; ${begin} >&2`,
    sh`${subshell(body)} </dev/null`,
    sh`gwfleet_code=$?; printf '\n%s %s end\n' ${mark} ${id} >&2; printf '\n%s %s end %s\n' ${mark} ${id} "$gwfleet_code"`,
  );
}

/** The outputs by id. A frame whose end is missing (cut off, shell died) is not in the map. */
export function readFrames(mark: string, stdout: string, stderr: string): ReadonlyMap<string, Output> {
  const errors = pieces(mark, stderr);
  const outputs = new Map<string, Output>();
  for (const [id, { text, tail }] of pieces(mark, stdout)) {
    if (!/^\d+$/.test(tail)) continue;
    outputs.set(id, { code: Number(tail), stdout: text, stderr: errors.get(id)?.text ?? '' });
  }
  return outputs;
}

function pieces(mark: string, stream: string): Map<string, { text: string; tail: string }> {
  const found = new Map<string, { text: string; tail: string }>();
  let open: { id: string; from: number } | undefined;
  let at = 0;
  for (const line of stream.split('\n')) {
    const next = at + line.length + 1;
    if (line.startsWith(`${mark} `)) {
      const [id = '', word = '', tail = ''] = line.slice(mark.length + 1).split(' ');
      if (word === 'begin') open = { id, from: next };
      else if (word === 'end' && open?.id === id) {
        found.set(id, { text: stream.slice(open.from, Math.max(open.from, at - 1)), tail });
        open = undefined;
      }
    }
    at = next;
  }
  return found;
}
