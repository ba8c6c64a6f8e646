/**
 * A command for what no task type knows. It runs only while `creates` is missing or `unless` fails; these are its
 * probe, so `unless` must only look. What a command did cannot be undone, and the plan says so.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { Output } from '../shell/frames.ts';
import { block, feed, nothing, type Script, sh, subshell } from '../shell/sh.ts';
import type { ArgsProblem, Change, Observation, TaskType, Wanted } from './task-type.ts';

const schema = Type.Object(
  {
    cmd: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A line for `sh -c`: pipes and quotes mean what they mean there',
      }),
    ),
    argv: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'The program and its arguments, without a shell between. Either this or `cmd`',
      }),
    ),
    creates: Type.Optional(
      Type.String({ minLength: 1, description: 'A path that is there when the command has been run' }),
    ),
    unless: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A line for `sh -c` that succeeds when there is nothing to do. It must only look',
      }),
    ),
    chdir: Type.Optional(Type.String({ minLength: 1, description: 'The folder to run in, from the root' })),
  },
  { additionalProperties: false },
);

type CommandArgs = Static<typeof schema>;

type CommandState = Readonly<{ done: boolean; words: readonly string[]; chdir: string | null }>;

const doc = `Runs a command where \`creates\` does not exist or \`unless\` does not succeed; one of the two is required, so
that a second run finds nothing to do. After the command the same question is asked again, and the host has failed when
the answer is still no.

\`unless\` runs in every plan and every \`status\`: it must only look. \`cmd\` and \`unless\` are given to \`sh -c\`;
\`argv\` is run without a shell, so nothing in it needs quotes; a process list on the host shows it while it runs, as it
shows what \`cmd\` starts: hand a secret over in a file or an environment variable. The command has no standard input. Its exit status
decides: anything but 0 fails the host and rolls the other changes of the play back.

The command itself is never rolled back: gwfleet cannot know what it did. Prefer a task type that can be turned.`;

export const command: TaskType<CommandArgs, CommandState> = {
  name: 'command',
  summary: 'A command that runs only while something is missing',
  doc,
  examples: [
    {
      title: 'Diffie-Hellman parameters, once',
      args: { cmd: 'openssl dhparam -out /etc/ssl/dh.pem 2048', creates: '/etc/ssl/dh.pem' },
    },
    {
      title: 'A service that should run, without a shell between',
      args: { argv: ['systemctl', 'start', 'conntrackd'], unless: 'systemctl is-active -q conntrackd' },
    },
    {
      title: 'In a folder',
      args: { cmd: 'make install', chdir: '/usr/src/agent', creates: '/usr/bin/agent' },
    },
  ],
  schema,
  problems,
  object: (args) => `command ${shown(wordsOf(args))}`,
  probe,
  read,
  desired: (args, seen) => desired(args, seen),
  changes,
  apply,
  boot: () => [],
  undo: { impossible: 'gwfleet cannot know what a command did' },
  touches: 'service',
  namesTell: true,
};

function problems({ cmd, argv, creates, unless, chdir }: CommandArgs): readonly ArgsProblem[] {
  const found: ArgsProblem[] = [];
  if ((cmd === undefined) === (argv === undefined))
    found.push({ path: [], message: 'a command has either cmd or argv' });
  if (creates === undefined && unless === undefined) {
    const hint = 'say when there is nothing to do: creates: /path, or unless: "a test that only looks"';
    found.push({ path: [], message: 'a command needs creates or unless', hint });
  }
  for (const [name, path] of Object.entries({ creates, chdir }))
    if (path !== undefined && !path.startsWith('/'))
      found.push({ path: [name], message: `${name} must be a path from the root` });
  for (const [name, text] of Object.entries({ cmd, creates, unless, chdir, argv: argv?.join('') }))
    if (text?.includes('\0') === true) found.push({ path: [name], message: `${name} has a NUL byte in it` });
  if (argv?.[0] === '') found.push({ path: ['argv', 0], message: 'the program has no name' });
  return found;
}

function wordsOf({ cmd, argv }: CommandArgs): readonly string[] {
  return cmd === undefined ? (argv ?? []) : ['sh', '-c', cmd];
}

/** The command as one line of a plan; `sh -c` is left out, as the user did. */
function shown(words: readonly string[]): string {
  const line = lineOf(words) ?? sh`${words}`.text;
  return line.trim().replace(/\s+/g, ' ');
}

function probe({ creates, unless, chdir }: CommandArgs): Script {
  const made =
    creates === undefined
      ? []
      : [sh`if [ -e ${creates} ] || [ -L ${creates} ]; then echo 'done'; exit 0; fi`];
  if (unless === undefined) return subshell(block(...made, sh`echo pending`));
  // A folder that is not there yet is a reason to run, like any other no.
  const folder = chdir === undefined ? [] : [sh`cd ${chdir} 2>/dev/null || { echo pending; exit 0; }`];
  return subshell(
    block(
      ...made,
      ...folder,
      feed(unless, sh`{ ${lineRunner} >/dev/null; }`),
      sh`case $? in 0) echo 'done' ;; 126 | 127) exit 127 ;; *) echo pending ;; esac`,
    ),
  );
}

function read(output: Output, args: CommandArgs): Observation<CommandState> {
  const answer = output.stdout.trim();
  if (output.code !== 0 || (answer !== 'done' && answer !== 'pending'))
    return {
      kind: 'unknown',
      why: `unless could not be run: ${output.stderr.trim() || `exit ${output.code}`}`,
    };
  return { kind: 'present', state: stateOf(args, answer === 'done') };
}

function stateOf(args: CommandArgs, done: boolean): CommandState {
  return { done, words: wordsOf(args), chdir: args.chdir ?? null };
}

function desired(args: CommandArgs, seen: Observation<CommandState>): Wanted<CommandState> {
  if (seen.kind === 'unknown') return { kind: 'refused', why: seen.why };
  return { kind: 'state', state: stateOf(args, true) };
}

function changes(from: CommandState | null, to: CommandState | null): readonly Change[] {
  if (to?.done !== true || from?.done === true) return [];
  return [{ action: 'run', kind: 'command', name: shown(to.words), from: 'pending', to: 'done' }];
}

function apply(from: CommandState | null, to: CommandState | null): Script {
  if (to?.done !== true || from?.done === true) return nothing;
  const folder = to.chdir === null ? [] : [sh`cd ${to.chdir} || exit 1`];
  const line = lineOf(to.words);
  const run = line === undefined ? sh`${to.words} </dev/null` : feed(line, sh`{ ${lineRunner}; }`);
  return subshell(block(...folder, run));
}

/** A line for a shell is read from a file descriptor: as an argument of `sh -c` every process list would show it. */
const lineRunner = sh`sh /proc/self/fd/9 9<&0 </dev/null`;

function lineOf(words: readonly string[]): string | undefined {
  return words[0] === 'sh' && words[1] === '-c' && words.length === 3 ? words[2] : undefined;
}
