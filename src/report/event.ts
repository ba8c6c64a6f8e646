/**
 * Everything that can happen in a run, as plain data: a public contract (`gwfleet schema events`). Renderers, recap,
 * exit code and the saved log all come from these and nothing else. New fields may be added, none changes meaning
 * within a version.
 */
import { type Static, type TProperties, Type } from '@sinclair/typebox';

const text = (description: string) => Type.String({ description });
const count = (description: string) => Type.Integer({ minimum: 0, description });
const names = (description: string) => Type.Array(Type.String(), { description });

export const hostResults = [
  'ok',
  'changed',
  'skipped',
  'unreachable',
  'failed',
  'rolled-back',
  'unknown',
] as const;
export type HostResult = (typeof hostResults)[number];

const result = Type.Union(
  hostResults.map((word) => Type.Literal(word)),
  { description: 'how the host ended' },
);

const place = Type.Object({
  file: text("the user's file"),
  line: Type.Integer({ minimum: 1 }),
  col: Type.Integer({ minimum: 1 }),
  endCol: Type.Optional(Type.Integer({ minimum: 1 })),
});

const way = Type.Literal(true, { description: 'the host is taken back: a confirmed change is undone' });

/** `fields` must not say `v`, `at`, `run` or `type` again: those are the stamp of every event. */
const event = <Name extends string, Fields extends TProperties>(
  type: Name,
  description: string,
  fields: Fields,
) =>
  Type.Object(
    {
      ...fields,
      v: Type.Literal(1, { description: 'version of this contract' }),
      at: Type.String({ format: 'date-time', description: 'controller time, UTC' }),
      run: text('run id'),
      type: Type.Literal(type),
    },
    { description, additionalProperties: false },
  );

const schemas = [
  event('run-started', 'A command begins to look at hosts.', {
    command: text('apply, plan, ...'),
    inventory: text('path as typed'),
    playbook: text('path of the playbook'),
    hosts: names('every host the run speaks of'),
    of: Type.Optional(text('the earlier run that this one carries on or takes back')),
  }),
  event('host-probed', 'A host was looked at.', {
    host: text('host name'),
    result: Type.Union([Type.Literal('seen'), Type.Literal('unreachable'), Type.Literal('failed')]),
    message: Type.Optional(text('why it could not be seen')),
  }),
  event('plan-made', 'The plan stands; nothing is changed yet.', {
    create: count('things to create'),
    update: count('things to update'),
    delete: count('things to delete'),
    commands: count('commands to run'),
    hosts: count('hosts in the plan'),
    hostsChanging: count('hosts that change'),
    plays: Type.Optional(
      Type.Array(
        Type.Object({
          name: text('play name'),
          hosts: count('hosts of all its batches'),
          batches: count('number of batches'),
        }),
        { description: 'the plays in order' },
      ),
    ),
  }),
  event(
    'plan-warning',
    'Something the plan says beside a change: a danger to the way in, what cannot be undone.',
    {
      play: text('play name'),
      host: text('host name'),
      task: text('task name'),
      level: Type.Union([Type.Literal('warning'), Type.Literal('danger')]),
      message: text('the warning'),
    },
  ),
  event('play-started', 'A play begins.', { play: text('its name'), batches: count('number of batches') }),
  event('batch-started', 'A batch of hosts begins.', {
    play: text('play name'),
    batch: count('from 1'),
    batches: count('of how many'),
    hosts: names('its hosts'),
  }),
  event('host-started', 'A host begins its part of a play.', {
    play: text('play name'),
    host: text('host name'),
    guard: Type.Optional(text('id of its guard on the host')),
    back: Type.Optional(way),
    tasks: Type.Optional(names('the tasks it will carry out, in order')),
  }),
  event('task-finished', 'A step ended on a host.', {
    host: text('host name'),
    task: text('task name'),
    code: Type.Integer({ description: 'exit code of the step' }),
  }),
  event('guard-armed', 'The host will roll back by itself unless it is confirmed.', {
    host: text('host name'),
    seconds: count('how long it waits'),
  }),
  event('guard-settled', 'The guard of a host ended.', {
    host: text('host name'),
    state: text('the state the host answered'),
  }),
  event('host-finished', 'A host has done its part of a play.', {
    play: text('play name'),
    host: text('host name'),
    result,
    message: Type.Optional(text('what happened, for people')),
    task: Type.Optional(text('the task it happened in')),
    place: Type.Optional(place),
    said: Type.Optional(text('the last words of the host')),
    next: Type.Optional(text('what the host will do, or what to do')),
    back: Type.Optional(way),
  }),
  event('taking-back', 'The run has failed; hosts that it had confirmed are taken back.', {
    why: text('the rule of the play: rollback_batch or rollback_run'),
    hosts: names('the hosts, in the order in which they go back'),
  }),
  event('draining', 'Connections are waited for before something is taken away from a host.', {
    host: text('host name'),
    task: text('task name'),
    what: text('what goes after them: addresses'),
    connections: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'how many still live; null when they cannot be counted',
    }),
    secondsLeft: count('until the deadline'),
  }),
  event('drained', 'Nothing is waited for any more on a host.', {
    host: text('host name'),
    task: text('task name'),
    what: text('what was waited for'),
    how: Type.Union([Type.Literal('ended'), Type.Literal('cut'), Type.Literal('left')], {
      description:
        'all connections had ended; they were cut at the deadline; or they are left to a later apply',
    }),
    connections: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'how many were cut or left',
    }),
  }),
  event('drain-progress', 'Connections from before a move still stay on the old gateway of a host.', {
    host: text('host name'),
    gateway: text('name of the old gateway, or its address when the inventory does not have it'),
    connections: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'how many are left; null: nobody could count them',
    }),
    counted: Type.Union([Type.Literal('gateway'), Type.Literal('host'), Type.Literal('nowhere')], {
      description: 'who counted: the old gateway (exact), or the host itself (near)',
    }),
    deadline: count('seconds until the deadline'),
  }),
  event('drain-finished', 'A drain of a host is over, or is left to a later run.', {
    host: text('host name'),
    gateway: text('the old gateway, as in drain-progress'),
    how: Type.Union([Type.Literal('empty'), Type.Literal('cut'), Type.Literal('left')], {
      description: 'empty: no connection was left; cut: the deadline broke them; left: they stay pinned',
    }),
    connections: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'how many were cut or left; null: not counted',
    }),
    message: Type.Optional(text('why it was left, for people')),
  }),
  event('run-stopped', 'No further hosts are begun.', { why: text('the rule that was met') }),
  event('note', 'Something people should know.', {
    message: text('the note'),
    host: Type.Optional(text('host name')),
  }),
  event('run-died', 'A later command found that this run had died, and asked the hosts it was changing.', {
    by: text('id of the run that asked, or the command'),
    hosts: names('the hosts that were in flight'),
    unanswered: names('those of them that could not say'),
  }),
  event('run-taken-back', 'A later run has taken changes of this run back.', {
    by: text('id of that run'),
    hosts: names('the hosts that are as before this run'),
  }),
  event('run-finished', 'The last event of the process of a run.', {
    exit: Type.Integer(),
    seconds: Type.Number({ description: 'wall time' }),
  }),
] as const;

/** JSON Schema of one line of `--progress jsonl`. */
export const eventSchema = Type.Union([...schemas], {
  $id: 'gwfleet-events',
  description: 'one event of a gwfleet run',
});

export type RunEvent = Static<(typeof schemas)[number]>;

/** An event before the conductor stamps it with version, time and run. */
export type BareEvent = DistributiveOmit<RunEvent, 'v' | 'at' | 'run'>;

type DistributiveOmit<Union, Keys extends keyof Union> = Union extends unknown ? Omit<Union, Keys> : never;

export type Emit = (event: BareEvent) => void;
