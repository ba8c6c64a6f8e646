/**
 * One text file, whole. Written under another name in the same folder and renamed, so that no reader ever sees half
 * of it. Old bytes that are no text, or too many, are not kept: then the undo cannot bring them back and says so.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { Output } from '../shell/frames.ts';
import { block, feed, nothing, type Script, sh, subshell } from '../shell/sh.ts';
import { contentText, fileChange } from './file-change.ts';
import type { ArgsProblem, Observation, TaskType, Wanted } from './task-type.ts';

/** What a plan still carries and a here-document still feeds without trouble. */
const byteLimit = 1024 ** 2;

const schema = Type.Object(
  {
    path: Type.String({ minLength: 2, description: 'The file, from the root' }),
    content: Type.Optional(Type.String({ description: 'All of its text; needed unless `state: absent`' })),
    mode: Type.Optional(
      Type.String({
        pattern: '^[0-7]{3,4}$',
        description: 'Permissions as octal digits in quotes: "0644". As they are, or 0644, if not given',
      }),
    ),
    owner: Type.Optional(
      Type.String({ minLength: 1, description: 'User, by name or number; as it is if not given' }),
    ),
    group: Type.Optional(
      Type.String({ minLength: 1, description: 'Group, by name or number; as it is if not given' }),
    ),
    state: Type.Optional(
      Type.Union([Type.Literal('present'), Type.Literal('absent')], {
        description: '`present` (the default) or `absent`',
      }),
    ),
  },
  { additionalProperties: false },
);

type FileArgs = Static<typeof schema>;

/** Bytes that are not kept: only enough to see that they are others now. */
type Opaque = Readonly<{ cksum: string }>;

/** An owner or group of null is "whoever". */
export type FileState = Readonly<{
  path: string;
  content: string | Opaque;
  mode: string;
  owner: string | null;
  group: string | null;
}>;

const doc = `Writes a text file, or takes it away.

The new text is written under a temporary name in the same folder, gets its owner and mode there, and is renamed over
the old one: nobody ever reads half a file, and a full disk leaves the old one as it was. The folder must exist. A link
or a folder at the path is refused, never followed or replaced.

The text is at most 1 MiB. The file is its own state: it is written in the guarded part of the change, not after
confirm, and the plan keeps the old text for the way back. Old bytes that are not UTF-8 text, or more than 1 MiB, are
not kept; the plan warns that an undo cannot restore them.`;

export const file: TaskType<FileArgs, FileState> = {
  name: 'file',
  summary: 'A text file with its content, owner and mode',
  doc,
  examples: [
    {
      title: 'A message of the day',
      args: { path: '/etc/motd', content: 'This is a NAT gateway.\n', mode: '0644' },
    },
    {
      title: 'A secret for one user, without a newline at its end',
      args: { path: '/etc/agent.key', content: "it's a secret", mode: '0600', owner: 'root', group: '0' },
    },
    { title: 'Away with it', args: { path: '/etc/cron.d/old-failover', state: 'absent' } },
  ],
  schema,
  problems,
  object: ({ path }) => `file ${path}`,
  probe: ({ path }) => probe(path),
  read,
  desired,
  changes: fileChange,
  apply,
  boot: () => [],
  undo: 'turned',
  touches: 'service',
};

function problems({ path, content, state, ...args }: FileArgs): readonly ArgsProblem[] {
  const found: ArgsProblem[] = [];
  for (const who of ['owner', 'group'] as const)
    if (args[who] !== undefined && !/^[A-Za-z0-9_][\w.@$-]*$/.test(args[who]))
      found.push({ path: [who], message: `'${args[who]}' is not the name or number of a ${who}` });
  if (!/^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/.test(path) || /[\x00-\x1f\x7f]/.test(path)) {
    const hint = 'write it from the root, like /etc/motd, without . or .. or a slash at the end';
    found.push({ path: ['path'], message: `'${path}' is not the path of a file`, hint });
  }
  if (state === 'absent' && content !== undefined)
    found.push({ path: ['content'], message: 'a file that is absent has no content' });
  if (state !== 'absent' && content === undefined)
    found.push({ path: [], message: 'a file needs content', hint: 'for an empty file write content: ""' });
  if (content !== undefined && bytesOf(content) > byteLimit)
    found.push({ path: ['content'], message: `the content is larger than ${byteLimit} bytes` });
  if (content?.includes('\0') === true || /\p{Surrogate}/u.test(content ?? ''))
    found.push({ path: ['content'], message: 'the content is not plain text' });
  return found;
}

function probe(path: string): Script {
  return sh`
if [ -L ${path} ]; then echo link
elif [ -d ${path} ]; then echo folder
elif [ ! -e ${path} ]; then echo absent
elif [ ! -f ${path} ]; then echo special
elif [ ! -r ${path} ]; then echo unreadable
else
  stat -c 'file %a %U %G %u %g %s' ${path}
  if [ "$(stat -c %s ${path})" -le ${byteLimit} ]; then base64 <${path}; else cksum <${path}; fi
fi`;
}

function read(output: Output, args: FileArgs): Observation<FileState> {
  const [head = '', ...rest] = output.stdout.split('\n');
  const unlike = { link: 'a link', folder: 'a folder', special: 'not a plain file' }[head];
  if (unlike !== undefined)
    return { kind: 'unknown', why: `${args.path} is ${unlike}; gwfleet does not touch it` };
  if (head === 'absent') return { kind: 'absent' };
  const [, mode, user, group, uid, gid, size] =
    /^file ([0-7]{1,4}) (\S+) (\S+) (\d+) (\d+) (\d+)$/.exec(head) ?? [];
  const content = contentOf(rest, Number(size ?? -1));
  if (mode === undefined || content === undefined)
    return {
      kind: 'unknown',
      why: `${args.path} could not be read: ${output.stderr.trim() || head || 'no answer'}`,
    };
  // UNKNOWN is how stat says that a number has no name.
  const who = (asked = '', id = '', name = ''): string =>
    /^\d+$/.test(asked) || name === 'UNKNOWN' ? id : name;
  const state: FileState = {
    path: args.path,
    content,
    mode: mode.padStart(4, '0'),
    owner: who(args.owner, uid, user),
    group: who(args.group, gid, group),
  };
  return { kind: 'present', state };
}

function contentOf(lines: readonly string[], size: number): string | Opaque | undefined {
  if (size > byteLimit) return /^\d+ \d+$/.test(lines[0] ?? '') ? { cksum: lines[0] ?? '' } : undefined;
  const encoded = lines.join('').trim();
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded) || encoded.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  if (bytes.length !== size) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Not UTF-8: no text, whatever it is.
  }
  return { cksum: `base64 ${encoded.length} ${digest(encoded)}` };
}

/** FNV-1a: only tells one from another; nobody is kept out by it. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(16);
}

function desired(args: FileArgs, seen: Observation<FileState>): Wanted<FileState> {
  if (seen.kind === 'unknown') return { kind: 'refused', why: seen.why };
  const now = seen.kind === 'present' ? seen.state : undefined;
  const state: FileState | null =
    args.state === 'absent'
      ? null
      : {
          path: args.path,
          content: args.content ?? '',
          mode: (args.mode ?? now?.mode ?? '0644').padStart(4, '0'),
          owner: args.owner ?? now?.owner ?? null,
          group: args.group ?? now?.group ?? null,
        };
  if (now === undefined || typeof now.content === 'string') return { kind: 'state', state };
  const text = `the old bytes of ${args.path} are not text, or too many: an undo cannot bring them back`;
  return { kind: 'state', state, notes: [{ level: 'warning', text }] };
}

function apply(from: FileState | null, to: FileState | null): Script {
  const path = to?.path ?? from?.path;
  if (path === undefined || fileChange(from, to).length === 0) return nothing;
  if (to === null) return sh`rm -f -- ${path}`;
  const owner = ownership(to);
  if (from !== null && contentText(from) === contentText(to))
    return subshell(block(ready(path), ...permitted(path, to.mode, owner)));
  if (typeof to.content !== 'string')
    return subshell(sh`echo 'gwfleet: the old bytes of this file were not kept' >&2; exit 1`);
  return subshell(
    block(
      ready(path),
      sh`umask 077`,
      sh`new=$(mktemp ${`${path.replace(/[^/]+$/, '')}.gwfleet.XXXXXX`}) || exit 1`,
      sh`trap 'rm -f -- "$new"' EXIT`,
      feed(to.content, poured(to.content)),
      sh`[ "$(wc -c <"$new")" -eq ${bytesOf(to.content)} ] || { echo 'gwfleet: the file was not written whole' >&2; exit 1; }`,
      ...(owner === '' ? [] : [sh`chown ${owner} "$new" || exit 1`]),
      sh`chmod ${to.mode} "$new" || exit 1`,
      sh`mv -f -- "$new" ${path} || exit 1`,
    ),
  );
}

/** A link or a folder that came there since the plan: `mv` would follow the second. */
function ready(path: string): Script {
  return sh`if [ -L ${path} ] || [ -d ${path} ]; then printf 'gwfleet: %s is not a plain file\n' ${path} >&2; exit 1; fi`;
}

/** A here-document always ends with a newline; the text need not. */
function poured(text: string): Script {
  return text === '' || text.endsWith('\n') ? sh`cat >"$new"` : sh`head -c ${bytesOf(text)} >"$new"`;
}

function permitted(path: string, mode: string, owner: string): readonly Script[] {
  return [
    ...(owner === '' ? [] : [sh`chown ${owner} ${path} || exit 1`]),
    // After chown, which clears the set-id bits.
    sh`chmod ${mode} ${path} || exit 1`,
  ];
}

function ownership({ owner, group }: FileState): string {
  return `${owner ?? ''}${group === null ? '' : `:${group}`}`;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
