/**
 * What is sent to a host to run one script. No login shell has to understand our quoting, and no script shows up in a
 * process list: the command line is a bare `sh` that reads the script from its input (a block at a time: no process and
 * no pipe beside it), or, where sudo comes between, a sh that reads one line and runs it. What a reader gets wrong: a
 * script cut off by a dying connection must not run by halves. It stands in braces, and a shell runs nothing of what
 * stands in braces before it has read the last one.
 */
import { type Script, sh } from '../shell/sh.ts';

/** The sudo of one order, and what it says on stderr when it asks. */
export interface Sudo {
  readonly user: string;
  readonly becomeUser: string;
  readonly passwordGiven: boolean;
  readonly promptMark: string;
}

export interface Order {
  /**
   * Sent at once: for sudo its line, for a shell that has waited a word to see whether it is still there. With a password
   * it holds that, too, and nothing that sudo could take for a second try.
   */
  readonly opening: string;
  /** The script. */
  readonly payload: string;
  /** What is said on stderr by whoever reads the payload; `awaited`: the payload is sent after it, else with the opening. */
  readonly start?: { readonly mark: string; readonly awaited: boolean };
  /** Said on both streams when the script has ended and its shell waits for another; on stdout with the code. */
  readonly endMark?: string;
  readonly sudo?: Sudo;
}

export interface Become {
  readonly user: string;
  readonly password?: string;
}

/** `read` takes single bytes, so what stands behind the line (a password, the script) is left to whom it is for. */
const lineReader = sh`IFS= read -r gwfleet; eval "$gwfleet"`;

/** Who logs in, and who the script is to be; `become` is null when no sudo is needed. */
interface Way {
  readonly user: string;
  readonly become: Become | null;
}

/** What reads an order, as the words of a program. */
export function doorWords(way: Way): readonly string[] {
  return becomes(way) === undefined ? ['sh'] : ['sh', '-c', lineReader.text];
}

/** The command line of an exec. At most single quotes: the same for sh, bash, fish and csh. */
export function door(way: Way): Script {
  return sh`${doorWords(way)}`;
}

/**
 * The same for the system's ssh. It says on stderr when it is there; ssh's own failures are status 255, so a script
 * that ends with 255 gets a mark.
 */
export function markedDoor(way: Way, { readyMark, endMark }: { readyMark: string; endMark: string }): Script {
  const reader = becomes(way) === undefined ? sh`sh` : sh`(${lineReader})`;
  const inside = sh`echo ${readyMark} >&2; ${reader}; gwfleet=$?; [ $gwfleet != 255 ] || echo ${endMark} >&2; exit $gwfleet`;
  return sh`sh -c ${inside.text}`;
}

interface Wish {
  /** A word that the host cannot know. */
  readonly nonce: string;
  /** What the shell does when the script has ended. */
  readonly afterwards: 'ends' | 'waits';
}

/** The script as order. */
export function orderFor(script: Script, { user, become, ...wish }: Way & Wish): Order {
  const way = becomes({ user, become });
  if (way === undefined) return { opening: '', ...payloadOf(script, wish) };
  const { password } = way;
  const sudo: Sudo = {
    user,
    becomeUser: way.user,
    passwordGiven: password !== undefined,
    promptMark: `gwfleet-ask-${wish.nonce}`,
  };
  const start = { mark: startMark(wish), awaited: sudo.passwordGiven };
  const line = sudoLine(sudo, start.mark);
  const { payload, ...rest } = payloadOf(script, wish);
  return {
    opening: password === undefined ? `${line.text}\n` : `${line.text}\n${password}\n`,
    payload: `${start.mark}\n${payload}`,
    start,
    sudo,
    ...rest,
  };
}

/** The script as order for a shell that waits. It answers first: what is sent to a dead one must not look begun. */
export function nextOrder(script: Script, wish: Wish): Order {
  const start = { mark: startMark(wish), awaited: true };
  return { opening: `${sh`echo ${start.mark} >&2`.text}\n`, start, ...payloadOf(script, wish) };
}

function startMark({ nonce }: Wish): string {
  return `gwfleet-start-${nonce}`;
}

function payloadOf(script: Script, { nonce, afterwards }: Wish): Pick<Order, 'payload' | 'endMark'> {
  const endMark = `gwfleet-end-${nonce}`;
  const end =
    afterwards === 'ends'
      ? '}; exit\n'
      : `}; ${sh`gwfleet=$?; echo ${endMark} >&2; printf '\n%s %s\n' ${endMark} "$gwfleet"`.text}\n`;
  const inBraces = `{\n${environment.text}\n${script.text}\n${end}`;
  const payload = `${byteReader(Buffer.byteLength(inBraces)).text}\n${inBraces}`;
  return afterwards === 'ends' ? { payload } : { payload, endMark };
}

/** Undefined where the user that logs in is the one to be. */
function becomes({ user, become }: Way): Become | undefined {
  return become === null || become.user === user ? undefined : become;
}

const environment = sh`PATH=$PATH:/usr/sbin:/sbin; export PATH; LC_ALL=C; export LC_ALL`;

/** bash reads a script on a pipe or a socket byte by byte, 5 ms for 19 KB: quicker with a head and its process. */
function byteReader(bytes: number): Script {
  return sh`[ -z "$BASH_VERSION" ] || eval "$(head -c ${bytes})"`;
}

/** Lines before the mark are skipped: the password, when sudo did not ask for it. */
function sudoLine({ passwordGiven, promptMark, becomeUser }: Sudo, start: string): Script {
  const inner = sh`echo ${start} >&2; while IFS= read -r gwfleet; do case $gwfleet in ${start}) exec sh;; esac; done`;
  const how = passwordGiven ? sh`-S -p ${promptMark}` : sh`-n`;
  return sh`LC_ALL=C; export LC_ALL; exec sudo -H ${how} -u ${becomeUser} -- sh -c ${inner.text}`;
}
