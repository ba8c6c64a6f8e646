/**
 * Several scripts in one exec, their outputs kept apart. Each is run without standard input, in a subshell unless we
 * know it well; a line with the mark stands before and after it on stdout and on stderr. The mark is a nonce of the run,
 * so that what a host prints cannot pass for a frame.
 */
import { type Script, sh, subshell } from './sh.ts';

/** What one framed script said. `code` is its exit status. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The script between marks. `id` is a word without spaces. `here`: in the shell itself, for a script that does not end it
 * and whose variables trouble nobody; a subshell is most of a millisecond of a host's CPU.
 */
export function framed(mark: string, id: string, body: Script, where: 'apart' | 'here' = 'apart'): Script {
  const inside =
    where === 'apart'
      ? subshell(body)
      : sh`{
${body}
}`;
  return sh`printf '%s %s begin\n' ${mark} ${id}; printf '%s %s begin\n' ${mark} ${id} >&2
${inside} </dev/null
gwfleet_code=$?; printf '\n%s %s end\n' ${mark} ${id} >&2; printf '\n%s %s end %s\n' ${mark} ${id} "$gwfleet_code"`;
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

/** Only the lines that begin with the mark are looked at: of a large output they are few. */
function pieces(mark: string, stream: string): Map<string, { text: string; tail: string }> {
  const found = new Map<string, { text: string; tail: string }>();
  let open: { id: string; from: number } | undefined;
  for (let at = nextMark(mark, stream, 0); at >= 0; ) {
    const newline = stream.indexOf('\n', at);
    const end = newline < 0 ? stream.length : newline;
    const [id = '', word = '', tail = ''] = stream.slice(at + mark.length + 1, end).split(' ');
    if (word === 'begin') open = { id, from: end + 1 };
    else if (word === 'end' && open?.id === id) {
      found.set(id, { text: stream.slice(open.from, Math.max(open.from, at - 1)), tail });
      open = undefined;
    }
    at = nextMark(mark, stream, end);
  }
  return found;
}

/** Where the next line that begins with the mark and a space begins; -1: nowhere. */
function nextMark(mark: string, stream: string, from: number): number {
  if (from === 0 && stream.startsWith(`${mark} `)) return 0;
  const newline = stream.indexOf(`\n${mark} `, from);
  return newline < 0 ? -1 : newline + 1;
}
