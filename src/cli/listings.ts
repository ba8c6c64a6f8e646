/** --list-hosts and --list-tasks: what a command would speak of, one name a line, and no connection. */
import type { Output } from './output.ts';
import type { Request } from './request.ts';

export function listHosts({ fleet }: Request, output: Output): number {
  for (const { name, pattern, batches } of fleet.plays) {
    const hosts = batches.flat();
    output.result(`${pattern}  ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}  ${name}\n`);
    output.result(hosts.map((host) => `  ${host}\n`).join(''));
  }
  return 0;
}

export function listTasks({ fleet }: Request, output: Output): number {
  for (const { name, pattern, tasks } of fleet.plays) {
    const names = new Map(
      [...tasks.values()].flat().map((task) => [task.id, `  ${task.name}  (${task.type})\n`]),
    );
    output.result(`${pattern}  ${name}\n${[...names.values()].join('')}`);
  }
  return 0;
}
