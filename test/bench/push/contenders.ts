/**
 * Who is measured, and how each is told to do the job: five aliases, FORWARD and SNAT rules, ip_forward, default routes.
 * What a reader gets wrong: Ansible's ControlPersist would lend a later command the connections of an earlier one, but
 * `measured.py` ends what a command has left running, so all of them begin cold.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ground } from './ground.ts';
import { ansiblePlaybook, oneScript, oneTaskPlaybook, ourPlaybook, rawPlaybook } from './job.ts';

/** `check` comes before the job is done, `no-op` after it. `alone`: changes nothing. */
export type Phase = 'alone' | 'check' | 'fresh' | 'no-op';

export interface Contender {
  readonly name: string;
  readonly phases: readonly Phase[];
  readonly argv: (phase: Phase) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const floor = 'parallel-ssh true';
export const ours = '**gwfleet**';
export const ansible = 'Ansible, a task each';

/** Printed above the tables. */
export const sameForAll = `All of them work 64 hosts at a time and have the same key exchange, except where the row says otherwise. Each command
begins with cold connections: Ansible multiplexes within a command (pipelining, no facts), and its masters end with it.
x floor: beside \`${floor}\` of the same round. CPU and memory are those of the controller's whole process tree.`;

const program = fileURLToPath(new URL('../bin/gwfleet.js', import.meta.url));
const forks = '64';
const kex = 'KexAlgorithms=curve25519-sha256';

export function contenders(ground: Ground): readonly Contender[] {
  const place = join(ground.folder, 'bench');
  mkdirSync(place, { recursive: true });
  const file = (name: string, text: string): string => {
    writeFileSync(join(place, name), text);
    return join(place, name);
  };
  const hosts = file('hosts', `${[...ground.gateways, ...ground.webservers].join('\n')}\n`);
  const config = join(ground.folder, 'ssh_config');
  const pssh = (words: readonly string[], options: string): readonly string[] => [
    ...['parallel-ssh', '-h', hosts, '-p', forks, '-t', '120', '-x', `-F ${config} ${options}`],
    ...words,
  ];
  const script = oneScript(ground);
  const inventory = file('inventory.yaml', ansibleInventory(ground));
  const byAnsible = (
    name: string,
    playbook: string,
    phases: readonly Phase[],
    strategy?: string,
  ): Contender => {
    const path = file(`${name.replaceAll(/\W+/g, '-')}.yaml`, playbook);
    return {
      name,
      phases,
      argv: (phase) => [
        ...['ansible-playbook', '-i', inventory, '-f', forks, path],
        ...(phase === 'check' ? ['--check', '--diff'] : []),
      ],
      env: {
        ANSIBLE_PIPELINING: '1',
        ANSIBLE_GATHERING: 'explicit',
        ANSIBLE_SSH_ARGS: `-F ${config} -o ControlMaster=auto -o ControlPersist=60s -o ${kex}`,
        ANSIBLE_SSH_CONTROL_PATH_DIR: join(place, 'cp'),
        ANSIBLE_LOCALHOST_WARNING: '0',
        ...(strategy === undefined
          ? {}
          : {
              ANSIBLE_STRATEGY: strategy,
              ANSIBLE_STRATEGY_PLUGINS: '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy',
            }),
      },
    };
  };
  const playbook = file('gwfleet.yaml', ourPlaybook);
  const fleet = join(ground.folder, 'inventory.yaml');
  return [
    { name: floor, phases: ['alone'], argv: () => pssh(['true'], `-o ${kex}`) },
    {
      name: "parallel-ssh true, OpenSSH's key exchange",
      phases: ['alone'],
      argv: () => pssh(['true'], ''),
    },
    {
      name: 'parallel-ssh, one script',
      phases: ['fresh', 'no-op'],
      argv: () => pssh([script], `-o ${kex}`),
    },
    {
      name: ours,
      phases: ['check', 'fresh', 'no-op'],
      argv: (phase) =>
        phase === 'check'
          ? [process.execPath, program, 'plan', fleet, '-p', playbook, '--diff', 'full']
          : [process.execPath, program, 'apply', fleet, '-p', playbook, '--yes'],
      env: { XDG_STATE_HOME: join(place, 'state') },
    },
    byAnsible('Ansible, `raw`', rawPlaybook(script), ['fresh', 'no-op']),
    byAnsible('Ansible, one shell task', oneTaskPlaybook(script), ['fresh', 'no-op']),
    byAnsible(ansible, ansiblePlaybook, ['check', 'fresh', 'no-op']),
    byAnsible('Mitogen, a task each', ansiblePlaybook, ['check', 'fresh', 'no-op'], 'mitogen_linear'),
  ];
}

/** The lab's, with what the peers have no words for: which aliases, and which gateway. */
function ansibleInventory({ folder, gateways, webservers }: Ground): string {
  const aliases = (index: number): string =>
    [1, 2, 3, 4, 5].map((alias) => `203.0.113.${10 * (index + 1) + alias}`).join(', ');
  const gateway = (name: string, index: number): string =>
    `    ${name}: { ansible_host: 10.0.0.${index + 1}, pool: 203.0.113.${10 * (index + 1)}-203.0.113.${10 * (index + 1) + 5}, aliases: [${aliases(index)}] }`;
  const webserver = (name: string, index: number): string =>
    `    ${name}: { ansible_host: ${name}, via: 10.0.0.${1 + (index % gateways.length)} }`;
  return `all:
  vars: { ansible_user: root, ansible_python_interpreter: /usr/bin/python3, ansible_ssh_private_key_file: ${folder}/id_ed25519 }
gateways:
  hosts:
${gateways.map(gateway).join('\n')}
webservers:
  hosts:
${webservers.map(webserver).join('\n')}
`;
}
