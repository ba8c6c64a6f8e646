/**
 * The keywords of plays and tasks, and what to say about Ansible's others. Values are checked by these schemas,
 * unknown keys are not: they are judged one by one in play-reading.ts, with a hint each.
 */
import { Type } from '@sinclair/typebox';

const amount = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^\\d+%?$' })], { description });
const duration = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^\\d{1,7}\\s*[smh]?$' })], {
    description: `${description}: 60, 60s, 5m`,
  });
const texts = (description: string) =>
  Type.Union([Type.String(), Type.Array(Type.String())], { description });

const name = Type.String({ description: 'What people read in plans and reports' });
const tags = texts('Names for -t and --skip-tags; a play hands its own on to its tasks');
const when = Type.Union(
  [Type.String(), Type.Boolean(), Type.Array(Type.Union([Type.String(), Type.Boolean()]))],
  {
    description:
      "A condition without braces: variables, literals, == != < <= > >= in, and or not, 'is defined'",
  },
);
const vars = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Variables; they win over the inventory',
});

/** The keywords of a play but `tasks` and `gate`, which hold tasks. */
export const playKeywords = {
  name,
  hosts: texts('Which hosts: a pattern such as gateways, web*:!web07'),
  serial: Type.Union(
    [Type.Integer(), Type.String({ pattern: '^\\d+%?$' }), Type.Array(amount('A batch'), { minItems: 1 })],
    { description: 'Hosts per batch: a number, a percentage, or a list whose last entry repeats' },
  ),
  max_fail_percentage: Type.Union(
    [Type.Number({ minimum: 0, maximum: 100 }), Type.String({ pattern: '^\\d{1,3}(\\.\\d+)?%?$' })],
    {
      description: 'Stop when MORE than this percentage of a batch failed; unreachable hosts do not count',
    },
  ),
  any_errors_fatal: Type.Boolean({ description: 'Stop at the first failed host' }),
  become: Type.Boolean({ description: 'Become root with sudo' }),
  canary: amount('The first batch is this many hosts, watched for the soak time'),
  soak: duration('How long a batch is watched before the next one'),
  max_fail: amount('Stop when this many hosts failed or were unreachable, over the whole run'),
  confirm_timeout: duration('A host that does not hear from us for so long rolls back'),
  on_failure: Type.Union(
    [Type.Literal('halt'), Type.Literal('rollback_batch'), Type.Literal('rollback_run')],
    {
      description: 'What happens to changed hosts when the roll stops',
    },
  ),
  vars,
  tags,
  when,
};
export const playSchema = Type.Partial(Type.Object(playKeywords));

const no_log = Type.Boolean({
  description:
    'Hide what the task does: nothing of its arguments, states and output is shown or kept. So it is by itself where a variable is used whose name tells of a secret',
});

export const taskKeywords = { name, when, tags, vars, no_log };
export const taskSchema = Type.Partial(Type.Object(taskKeywords));

/** Holds tasks; read by itself. */
export const taskLists = {
  tasks: 'What is wanted, in order',
  gate: 'Checks between batches, on the hosts already changed: a list of tasks of type check',
};

const loops = 'write one task for each item, or give the task type a list';
const files = 'put everything into one playbook, or run several one after the other';
const probed = 'delete it, hosts are always probed';
const blocks = "write its tasks one after the other, each with its own 'when'";
const later =
  "write a later task with 'when', or a second play; a task that has nothing to do changes nothing";
const connection = 'delete it, the connection is the business of the inventory';
const states = 'delete it, a task says what is wanted and knows itself whether it changed something';

/** Ansible's keywords that are not ours, with the nearest supported way. */
export const foreignKeywords: ReadonlyMap<string, string> = new Map([
  ...each(['loop', 'loop_control', 'until', 'retries', 'delay'], loops),
  ...each(
    ['import_playbook', 'import_tasks', 'include_tasks', 'import_role', 'include_role', 'include'],
    files,
  ),
  ...each(['roles', 'pre_tasks', 'post_tasks'], "write the tasks in the play's 'tasks'"),
  ...each(['block', 'rescue', 'always'], blocks),
  ...each(['gather_facts', 'gather_subset', 'gather_timeout', 'fact_path'], probed),
  ...each(['handlers', 'notify', 'listen', 'force_handlers', 'flush_handlers'], later),
  ...each(['register', 'changed_when', 'failed_when', 'check_mode', 'diff'], states),
  ...each(
    ['vars_files', 'vars_prompt', 'include_vars', 'set_fact'],
    "use 'vars' here, group_vars/ and host_vars/, or -e",
  ),
  ...each(
    ['environment', 'module_defaults', 'args', 'collections'],
    'delete it, task types take their own arguments only',
  ),
  ...each(
    ['delegate_to', 'delegate_facts', 'local_action', 'run_once'],
    "write a play whose 'hosts' are the ones to do it",
  ),
  ...each(
    ['become_user', 'become_method', 'become_flags', 'become_exe'],
    "'become: true' makes you root; ansible_become_user belongs in the inventory",
  ),
  ...each(['remote_user', 'port', 'connection', 'timeout'], connection),
  ...each(['ignore_errors', 'ignore_unreachable'], "delete it, and set 'max_fail' to what the play may lose"),
  ...each(
    ['strategy', 'throttle', 'order', 'async', 'poll', 'forks'],
    "delete it; 'serial' and --forks say how many hosts go at once",
  ),
  ...each(['debugger'], 'delete it'),
  ...each(['action'], "write the task type as the key: 'sysctl: { ... }'"),
]);

/** The nearest supported way of an Ansible keyword that is not ours. */
export function foreignHint(key: string): string | undefined {
  return key.startsWith('with_') ? loops : foreignKeywords.get(key);
}

/** Ansible's modules that people reach for, and the task type that is meant. */
export const foreignModules: ReadonlyMap<string, string> = new Map([
  ...each(['copy', 'template', 'lineinfile', 'blockinfile'], "the task type 'file' writes files"),
  ...each(
    ['shell', 'raw', 'script'],
    "the task type 'command' runs commands; it needs 'unless' or 'creates'",
  ),
  ...each(['iptables', 'iptables_raw', 'nftables'], "the task type 'ruleset' owns the gateway's rules"),
  ...each(
    ['uri', 'wait_for', 'assert', 'ping'],
    "the task type 'check' asks tcp, http or ping from the host",
  ),
  ...each(['debug'], 'delete it, the plan shows what will be done'),
]);

function each(keys: readonly string[], hint: string): [string, string][] {
  return keys.map((key) => [key, hint]);
}
