/**
 * `gwfleet lab up|down|status|exec`: a fleet on this machine. stdout carries results only (the inventory's path, the
 * status, the command's own output); what it tells people goes to stderr.
 */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { labDown } from '../lab/down.ts';
import { labExecHere } from '../lab/exec.ts';
import { LabProblem } from '../lab/problem.ts';
import { type LabStatus, labStatuses } from '../lab/status.ts';
import { type LabOptions, labUp } from '../lab/up.ts';
import { oneOf } from './flags.ts';

/** Adds the verb `lab` to the program. Its actions set process.exitCode. */
export function registerLab(program: Command): void {
  const lab = program
    .command('lab')
    .description('a fleet on this machine: namespaces, real sshd, real netfilter')
    .addHelpText('after', '\nExample: gwfleet lab up --gateways 4 --webservers 20');
  named(lab.command('up'))
    .description('bring a lab up and print the path of its inventory')
    .option('--gateways <n>', 'number of gateways', count, 2)
    .option('--webservers <n>', 'number of webservers', count, 4)
    .addOption(
      oneOf(new Option('--iptables <backend>', 'backend of the hosts'), ['nft', 'legacy']).default('nft'),
    )
    .option('--default-route <gateway>', 'webservers start with a default route to this gateway')
    .addHelpText('after', '\nExample: gwfleet lab up --name big --gateways 4 --webservers 20')
    .action((options: LabOptions) => told(() => up(options)));
  named(lab.command('down'))
    .description('take a lab down; nothing of it is left')
    .addHelpText('after', '\nExample: gwfleet lab down --name big')
    .action(({ name }: { name: string }) => told(() => down(name)));
  lab
    .command('status')
    .description('which labs are up, with their hosts')
    .option('--name <name>', 'only this lab')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: gwfleet lab status --json')
    .action((options: { name?: string; json?: true }) => status(options));
  named(lab.command('exec'))
    .description('run a command in the controller, or in a host')
    .option('--host <host>', 'a host of the lab', 'controller')
    .addHelpText('after', '\nExample: gwfleet lab exec --host gw1 -- iptables-save')
    .argument('<command...>', 'the command and its arguments, after --')
    .action((argv: string[], { name, host }: { name: string; host: string }) =>
      told(() => labExecHere(name, host, argv)),
    );
}

function named(command: Command): Command {
  return command.option('--name <name>', 'which lab, when there are several', 'default');
}

async function up(options: LabOptions): Promise<number> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const { folder, gateways, webservers } = await labUp({ ...options, signal: stop.signal });
    process.stderr.write(`lab ${options.name} is up: ${gateways} gateways, ${webservers} webservers\n`);
    process.stdout.write(`${folder}/inventory.yaml\n`);
    return 0;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function down(name: string): Promise<number> {
  const existed = await labDown(name);
  process.stderr.write(existed ? `lab ${name} is down\n` : `there is no lab ${name}\n`);
  return 0;
}

function status({ name, json }: { name?: string; json?: true }): void {
  const labs = labStatuses().filter((lab) => name === undefined || lab.name === name);
  if (json === true) process.stdout.write(`${JSON.stringify(labs, null, 2)}\n`);
  else process.stdout.write(labs.length === 0 ? 'no lab is up\n' : labs.map(statusText).join('\n'));
}

function statusText(lab: LabStatus): string {
  if (lab.state === 'coming') return `lab ${lab.name} is being brought up\n`;
  if (lab.inventory === undefined)
    return `lab ${lab.name}: leftovers of a crash; gwfleet lab down --name ${lab.name} removes them\n`;
  const rows = lab.hosts.map(
    ({ name, state, sshd, interfaces }) =>
      `  ${name.padEnd(8)} ${state.padEnd(5)} sshd ${sshd.padEnd(5)} ${interfaces.map((one) => `${one.name} ${one.address}`).join('  ')}\n`,
  );
  return `lab ${lab.name} is up, its inventory is ${lab.inventory}\n${rows.join('')}`;
}

async function told(run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof LabProblem)) throw error;
    process.stderr.write(`${error.problems.join('\n')}\n`);
    process.exitCode = error.message === 'interrupted' ? 99 : 5;
  }
}

function count(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('a number is needed');
  return Number(text);
}
