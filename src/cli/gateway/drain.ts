/** `gateway drain`: nobody new leaves through it, the old connections end in peace, then it stands by. */
import { checkedFlags } from '../apply-flags.ts';
import { conduct } from '../conduct.ts';
import type { Output } from '../output.ts';
import { type LeaveFlags, leavingOf, letGo, writeState } from './leaving.ts';
import { rollingGiven } from './rolling.ts';

export async function gatewayDrain(
  path: string,
  name: string,
  given: object,
  output: Output,
): Promise<number> {
  const flags = checkedFlags(rollingGiven(given)) as LeaveFlags;
  const leaving = leavingOf(path, name, { flags, drain: flags });
  let begun = false;
  return conduct({
    command: 'gateway drain',
    args: [path, name],
    mode: flags.check === true || flags.dryRun === true ? 'dry' : 'wet',
    request: leaving.request,
    question: () =>
      `Drain ${name}: ${leaving.movers.length} webservers move, their connections have ${flags.deadline} s to end?`,
    interludes: (context) => ({
      before: () => {
        if (!begun) writeState(leaving, 'draining', context);
        begun = true;
        return Promise.resolve(undefined);
      },
      after: async (standing) => {
        const why = await letGo(leaving, standing, context);
        if (why === undefined) writeState(leaving, 'standby', context);
        return why;
      },
    }),
    flags,
    output,
  });
}
