/**
 * 250,000 new connections while the rules are loaded again and again, with a pool that grows and shrinks all the time:
 * every packet is looked for behind the gateway. 1,000 connections are held beside them, and say a word now and then.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { RulesetState } from '../../src/tasks/ruleset/state.ts';
import { ruleset } from '../../src/tasks/ruleset.ts';
import { PacketGateway, rulesFor } from './nat/packets.ts';
import type { Backend } from './task-namespace.ts';

const flows = 250_000;
const sizes = [6, 8, 8, 5, 3, 6, 6, 4];

it.each<Backend>(['nft', 'legacy'])(
  'loses none of them and lets none out untranslated, iptables %s',
  async (backend) => {
    using gateway = new PacketGateway(backend, 8);
    gateway.rules(6);
    const states = sizes.map((size) => wanted(gateway, size));
    const over = new AbortController();
    const storm = gateway.storm({ flows, held: 1000, pause: 0.004 }).finally(() => {
      over.abort();
    });
    let loads = 0;
    let live = states[0];
    while (!over.signal.aborted) {
      const next = states[loads % states.length];
      if (live === undefined || next === undefined) throw new Error('no state to go to');
      gateway.gateway.apply(ruleset, live, next);
      live = next;
      loads += 1;
      await turn();
    }
    const { by, ...counts } = await storm;
    expect(counts).toEqual({ flows, lost: 0, leaked: 0, held: 1000, moved: 0, silent: 0 });
    expect(loads).toBeGreaterThan(2 * sizes.length);
    expect(Object.keys(by)).toHaveLength(8);
  },
);

function wanted({ gateway }: PacketGateway, size: number): RulesetState {
  const args = rulesFor(size);
  const seen = { kind: 'present', state: gateway.present(ruleset, args) } as const;
  const to = ruleset.desired(args, seen, gateway.facts());
  if (to.kind === 'refused' || to.state === null) throw new Error(JSON.stringify(to));
  return to.state;
}
