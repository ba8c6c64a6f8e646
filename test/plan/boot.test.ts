/** Boot state is a fact of its own: what lies on the host beside what a task wants there. */
import { describe, expect, it } from 'vitest';
import { bootChanges } from '../../src/plan/boot.ts';
import { cksum } from '../../src/plan/cksum.ts';
import type { Facts } from '../../src/tasks/facts.ts';
import type { AnyTaskType } from '../../src/tasks/registry.ts';
import type { BootPart, Json } from '../../src/tasks/task-type.ts';

const path = '/etc/netplan/90-gwfleet-aliases-eth1.yaml';
const type = (parts: readonly BootPart[]) =>
  ({ boot: () => parts, bootName: () => 'gwfleet-aliases-eth1' }) as unknown as AnyTaskType;
const facts = (...files: readonly (readonly [string, string])[]) =>
  ({
    boot: {
      init: 'systemd',
      owners: [],
      rulesUnits: [],
      profiles: [],
      files: files.map(([name, text]) => ({ path: name, cksum: cksum(text) })),
    },
  }) as unknown as Facts;
const task = { args: null, from: null, to: null };
const wanted = type([{ path, mode: 0o600, content: 'new\n' }]);
const seen = (where: Facts, what = wanted) =>
  bootChanges(task, what, where).map(({ action, name }) => `${action} ${name}`);

describe('the boot files of a task', () => {
  it('are created where they are missing, and updated where another text stands', () => {
    expect(seen(facts())).toEqual([`create ${path}`]);
    expect(seen(facts([path, 'old\n']))).toEqual([`update ${path}`]);
    expect(seen(facts([path, 'new\n']))).toEqual([]);
  });

  it('go when the owner of the interface is another one now, and files of other tasks stay', () => {
    const hook = '/etc/network/if-up.d/gwfleet-aliases-eth1';
    const others = [
      '/etc/network/if-up.d/gwfleet-aliases-eth10',
      '/etc/network/if-up.d/gwfleet-default-route-eth1',
    ];
    const there = facts([path, 'new\n'], [hook, 'x'], ...others.map((name) => [name, 'x'] as const));
    expect(seen(there)).toEqual([`delete ${hook}`]);
  });

  it('all go when nothing is wanted', () => {
    expect(seen(facts([path, 'new\n']), type([]))).toEqual([`delete ${path}`]);
  });

  it('go with a task of which nothing is to be kept, though it holds now', () => {
    const parts = bootChanges(
      { ...task, forgotten: true },
      { ...wanted, boot: (to: Json) => (to === null ? [] : wanted.boot(to, facts())) },
      facts([path, 'new\n']),
    );
    expect(parts.map(({ action, name }) => `${action} ${name}`)).toEqual([`delete ${path}`]);
  });

  it('of a default route are those of every interface, so that one that moves leaves nothing behind', () => {
    const old = ['/etc/gwfleet/default-route-eth0', '/etc/systemd/system/gwfleet-default-route-eth0.service'];
    const there = facts(...old.map((name) => [name, 'x'] as const));
    const route = { ...type([]), bootName: () => 'gwfleet-default-route-' } as unknown as AnyTaskType;
    expect(seen(there, route)).toEqual(old.map((name) => `delete ${name}`));
  });

  it('stay where two own the interface by now, and go when the task goes', () => {
    const one = { manager: 'networkd', source: '', renderer: '', trouble: '' } as const;
    const { boot } = facts([path, 'new\n']);
    const owners = [{ interface: 'eth1', claims: [one, one], gateways: [] }];
    const disputed = { boot: { ...boot, owners } } as unknown as Facts;
    const kept = { ...task, to: 'wanted' };
    const names = (what: typeof kept & { forgotten?: true }) =>
      bootChanges(what, type([]), disputed).map(({ name }) => name);
    expect([names(kept), names({ ...kept, forgotten: true })]).toEqual([[], [path]]);
  });

  it('are not known where nobody has looked', () => {
    expect(seen({} as Facts)).toEqual([]);
  });
});
