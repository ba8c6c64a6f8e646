/**
 * What is sent to a host to run one script. The command line is always the same (`door`): a sh that reads one line and
 * runs it, so that no login shell has to understand our quoting and no script shows up in a process list. That line
 * reads the script itself, by its length, and runs it only if its last bytes arrived: a script cut off by a dying
 * connection must not run by halves. `read` takes single bytes, so nothing behind the line is swallowed.
 */
import { type Script, sh } from '../shell/sh.ts';

/** The sudo of one order: what its wrapper says on stderr when it asks and when the script's shell has started. */
export interface Sudo {
  readonly user: string;
  readonly becomeUser: string;
  readonly passwordGiven: boolean;
  readonly promptMark: string;
  readonly startMark: string;
}

export interface Order {
  /** Sent at once. With a password it holds the password line, and nothing that sudo could take for a second try. */
  readonly opening: string;
  /** The script; sent with the opening, or after the start mark when a password was given. */
  readonly payload: string;
  readonly sudo?: Sudo;
}

export interface Become {
  readonly user: string;
  readonly password?: string;
}

const doorScript = sh`IFS= read -r gwfleet; eval "$gwfleet"`;

/** What a sh is given with -c when no login shell stands between. */
export const doorWord = doorScript.text;

/** The command line of every exec. Single quotes only: the same for sh, bash, fish and csh. */
export const door: Script = sh`sh -c ${doorWord}`;

/**
 * The same for the system's ssh. It says on stderr when it is there; ssh's own failures are status 255, so a script
 * that ends with 255 gets a mark.
 */
export function markedDoor({ readyMark, endMark }: { readyMark: string; endMark: string }): Script {
  const inside = sh`echo ${readyMark} >&2; (${doorScript}); gwfleet=$?; [ $gwfleet != 255 ] || echo ${endMark} >&2; exit $gwfleet`;
  return sh`sh -c ${inside.text}`;
}

/** The script as order; `nonce` is a word that the host cannot know. `become` is null when no sudo is needed. */
export function orderFor(script: Script, who: { user: string; become: Become | null; nonce: string }): Order {
  const end = `#gwfleet-end-${who.nonce}`;
  const payload = `${environment.text}\n${script.text}\n${end}`;
  const reader = readerOf(Buffer.byteLength(payload), end);
  if (who.become === null || who.become.user === who.user) return { opening: `${reader.text}\n`, payload };
  const { password } = who.become;
  const sudo: Sudo = {
    user: who.user,
    becomeUser: who.become.user,
    passwordGiven: password !== undefined,
    promptMark: `gwfleet-ask-${who.nonce}`,
    startMark: `gwfleet-start-${who.nonce}`,
  };
  const line = sudoLine(sudo, reader);
  return {
    opening: password === undefined ? `${line.text}\n` : `${line.text}\n${password}\n`,
    payload: `${sudo.startMark}\n${payload}`,
    sudo,
  };
}

const environment = sh`PATH=$PATH:/usr/sbin:/sbin; export PATH; LC_ALL=C; export LC_ALL`;

function readerOf(bytes: number, end: string): Script {
  const cut = 'gwfleet: the script did not arrive whole and was not run';
  return sh`gwfleet=$(head -c ${bytes}); case $gwfleet in *${end}) eval "$gwfleet";; *) echo ${cut} >&2; exit 125;; esac`;
}

/** Lines before the mark are skipped: the password, when sudo did not ask for it. */
function sudoLine({ passwordGiven, promptMark, startMark, becomeUser }: Sudo, reader: Script): Script {
  const inner = sh`echo ${startMark} >&2; while IFS= read -r gwfleet; do case $gwfleet in ${startMark}) break;; esac; done; ${reader}`;
  const how = passwordGiven ? sh`-S -p ${promptMark}` : sh`-n`;
  return sh`LC_ALL=C; export LC_ALL; exec sudo -H ${how} -u ${becomeUser} -- sh -c ${inner.text}`;
}
