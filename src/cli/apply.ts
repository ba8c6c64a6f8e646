/** `apply` and `plan`: the same errand, which ends after the plan when it is dry. */
import { checkedFlags, refuseOtherWishes } from './apply-flags.ts';
import { conduct } from './conduct.ts';
import type { Flags } from './flags.ts';
import type { Output } from './output.ts';
import { readPlanFile } from './plan-file.ts';
import { readRequest } from './request.ts';
import { showSaved } from './saved-plan.ts';

export async function apply(path: string, given: object, output: Output): Promise<number> {
  const flags = checkedFlags(given as Flags);
  const saved = readPlanFile(path);
  const mode = flags.check === true || flags.dryRun === true ? 'dry' : 'wet';
  if (saved === undefined) return fresh(path, flags, { mode, output });
  refuseOtherWishes(flags);
  if (mode === 'dry') return showSaved(saved.plan, flags, output);
  const { inventory, playbook } = saved.plan;
  const request = (password?: string) =>
    readRequest(inventory, { ...flags, playbook }, { becomePassword: password });
  const again = { args: [inventory], flags: { ...flags, playbook } };
  return conduct({ command: 'apply', request, mode, saved, output, ...again });
}

export async function plan(path: string, given: object, output: Output): Promise<number> {
  return fresh(path, checkedFlags(given as Flags), { mode: 'dry', output });
}

function fresh(
  path: string,
  flags: Flags,
  { mode, output }: { readonly mode: 'dry' | 'wet'; readonly output: Output },
): Promise<number> {
  const request = (password?: string) => readRequest(path, flags, { becomePassword: password });
  return conduct({ command: 'apply', args: [path], request, mode, flags, output });
}
