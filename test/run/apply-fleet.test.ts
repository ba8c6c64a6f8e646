/** Whole runs over a pretend fleet whose hosts run our scripts with a real sh. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fleet, play } from './pretend-host.ts';

let fleet: Fleet;
beforeEach(() => {
  fleet = new Fleet();
});
afterEach(() => fleet.remove());

const wish = (word: string, type = 'word') => [[type, 'f', word]] as const;

describe('a run', () => {
  it('changes what is not as wanted, writes the boot file after the confirm, and a second run finds nothing to do', async () => {
    fleet.put('b', 'f', 'new');
    const first = await fleet.run(play('p1', { a: wish('new'), b: wish('new') }));
    expect(first.results()).toEqual({ a: 'changed', b: 'ok' });
    expect(first.exit).toBe(0);
    expect([fleet.get('a', 'f'), fleet.get('a', 'boot/word'), fleet.get('b', 'boot/word')]).toEqual([
      'new',
      'new',
      undefined,
    ]);
    const second = await fleet.run(play('p1', { a: wish('new'), b: wish('new') }));
    expect(second.events.at(-1)).toMatchObject({ type: 'host-finished', result: 'ok' });
    expect(fleet.get('a', 'guard/lock')).toBeUndefined();
  });

  it('tells what happens on a host in the order in which it happens', async () => {
    const { events } = await fleet.run(play('p1', { a: wish('new') }));
    expect(events.map(({ type }) => type)).toEqual([
      ...['run-started', 'host-probed', 'plan-made', 'play-started', 'batch-started', 'host-started'],
      ...['guard-armed', 'task-finished', 'guard-settled', 'host-finished'],
    ]);
  });

  it('goes on with the others when one host is out of reach', async () => {
    fleet.away.add('a');
    const run = await fleet.run(play('p1', { a: wish('new'), b: wish('new') }));
    expect(run.results()).toEqual({ a: 'unreachable', b: 'changed' });
    expect(run.exit).toBe(4);
  });

  it('stops when a whole batch has failed, and every touched host is back', async () => {
    fleet.put('a', 'f', 'old');
    const run = await fleet.run(
      play('p1', { a: wish('broken'), b: wish('broken'), c: wish('new') }, { size: 2 }),
    );
    expect(run.results()).toEqual({ a: 'rolled-back', b: 'rolled-back', c: undefined });
    expect(run.state.stopped).toBe('every host of the batch failed');
    expect(run.exit).toBe(3);
    expect([fleet.get('a', 'f'), fleet.get('b', 'f'), fleet.get('c', 'f')]).toEqual([
      'old',
      undefined,
      undefined,
    ]);
    expect(run.state.hosts.get('a')?.failure).toMatchObject({ task: 'word p1t0', said: 'no such thing' });
  });

  it('begins no further batch when the gate finds a changed host unwell', async () => {
    const batches = { size: 1, gate: [['must_be', 'g', 'well']] as const };
    const run = await fleet.run(play('p1', { a: wish('new'), b: wish('new') }, batches));
    expect(run.results()).toEqual({ a: 'changed', b: undefined });
    expect(run.state.stopped).toMatch(/^gate: a: /);
    expect(run.exit).toBe(2);
  });

  it('goes on when the gate finds every changed host well', async () => {
    fleet.put('a', 'g', 'well');
    const batches = { size: 1, gate: [['must_be', 'g', 'well']] as const };
    const run = await fleet.run(play('p1', { a: wish('new'), b: wish('new') }, batches));
    expect(run.results()).toEqual({ a: 'changed', b: 'changed' });
  });

  it('stops when max_fail is reached over batches', async () => {
    const hosts = { a: wish('new'), b: wish('broken'), c: wish('new'), d: wish('broken'), e: wish('new') };
    const run = await fleet.run(play('p1', hosts, { size: 2, maxFail: 2 }));
    expect(run.results()).toMatchObject({
      a: 'changed',
      b: 'rolled-back',
      c: 'changed',
      d: 'rolled-back',
      e: undefined,
    });
    expect(run.exit).toBe(2);
  });

  it('begins nothing new after an interrupt, and ends what it has begun', async () => {
    fleet.beforeScript = (host, { text }) => {
      if (host === 'a' && text.includes('refuse')) fleet.stop.abort();
    };
    const run = await fleet.run(play('p1', { a: wish('new'), b: wish('new') }, { size: 1 }));
    expect(run.results()).toEqual({ a: 'changed', b: undefined });
    expect(run.exit).toBe(99);
    expect(run.state.stopped).toContain('interrupted');
  });

  it('leaves a host that failed out of later plays', async () => {
    const run = await fleet.run(
      play('p1', { a: wish('broken'), b: wish('new') }),
      play('p2', { a: [['word', 'g', 'x']], b: [['word', 'g', 'x']] }),
    );
    expect(run.results()).toEqual({ a: 'rolled-back', b: 'changed' });
    expect([fleet.get('a', 'g'), fleet.get('b', 'g')]).toEqual([undefined, 'x']);
  });

  it('is not all back when the second play of a host was rolled back but the first one stands', async () => {
    const run = await fleet.run(play('p1', { a: wish('new') }), play('p2', { a: [['word', 'g', 'broken']] }));
    expect(run.results()).toEqual({ a: 'rolled-back' });
    expect(fleet.get('a', 'f')).toBe('new');
    expect(run.exit).toBe(2);
  });

  it('rolls back a change that does not look as promised over the new connection', async () => {
    fleet.put('a', 'f', 'old');
    const run = await fleet.run(play('p1', { a: wish('liar') }));
    expect(run.results()).toEqual({ a: 'rolled-back' });
    expect(run.state.hosts.get('a')?.failure?.message).toContain('word f is other, not liar');
    expect(fleet.get('a', 'f')).toBe('old');
  });

  it('changes without a guard where the way in is not at stake', async () => {
    const run = await fleet.run(play('p1', { a: wish('new', 'harmless') }));
    expect(run.results()).toEqual({ a: 'changed' });
    expect(run.events.some(({ type }) => type === 'guard-armed')).toBe(false);
    expect(fleet.get('a', 'guard/lock')).toBeUndefined();
  });

  it('fails a host whose check does not hold', async () => {
    fleet.put('a', 'f', 'wrong');
    const run = await fleet.run(play('p1', { a: wish('right', 'must_be') }));
    expect([run.results(), run.exit]).toEqual([{ a: 'failed' }, 2]);
  });

  it('touches nothing where the host has moved since the plan', async () => {
    const plays = [play('p1', { a: wish('new') })];
    const planned = await fleet.plan({ inventory: 'i', playbook: 'p', plays });
    fleet.put('a', 'f', 'moved');
    const run = await fleet.apply({ inventory: 'i', playbook: 'p', plays }, planned);
    expect([run.results(), run.exit]).toEqual([{ a: 'failed' }, 6]);
    expect(fleet.get('a', 'f')).toBe('moved');
  });

  it('waits for the rollback of a host that it cannot get into any more', async () => {
    fleet.put('a', 'f', 'old');
    fleet.beforeScript = (host, { text }) => {
      if (!text.includes('refuse')) return;
      fleet.away.add(host);
      setTimeout(() => fleet.away.delete(host), 4500);
    };
    const run = await fleet.run(play('p1', { a: wish('new') }, { confirmTimeoutSeconds: 2 }));
    expect(run.results()).toEqual({ a: 'rolled-back' });
    expect(fleet.get('a', 'f')).toBe('old');
    expect(run.exit).toBe(3);
  }, 20_000);
});

describe('a connection that dies in the steps', () => {
  const lost = { kind: 'connection-lost', cause: 'reset', stdout: '', stderr: '' } as const;
  const isApply = ({ text }: { readonly text: string }) => text.includes('refuse');

  it('says nothing about them: when all have ended well, the change is looked at and confirmed', async () => {
    fleet.hear = (_, script, outcome) => (isApply(script) ? lost : outcome);
    const run = await fleet.run(play('p1', { a: wish('new') }));
    expect([run.results(), run.exit, fleet.get('a', 'f')]).toEqual([{ a: 'changed' }, 0, 'new']);
  });

  it('leaves no lock behind without a guard, and the change stands', async () => {
    fleet.hear = (_, script, outcome) => (isApply(script) ? lost : outcome);
    const run = await fleet.run(play('p1', { a: wish('new', 'harmless') }));
    expect([run.results(), fleet.get('a', 'guard/lock')]).toEqual([{ a: 'changed' }, undefined]);
  });

  it('has changed nothing when the host never heard of the run', async () => {
    fleet.hear = (_, script, outcome) => (isApply(script) ? lost : outcome);
    fleet.beforeScript = (host, script) => {
      if (isApply(script)) fleet.put(host, 'guard', 'a file where the folder should be');
    };
    const run = await fleet.run(play('p1', { a: wish('new') }));
    expect([run.results(), run.exit]).toEqual([{ a: 'failed' }, 2]);
    expect(run.state.hosts.get('a')?.failure?.next).toBe('nothing was changed on this host');
  });

  it('is told apart from a script that certainly never started', async () => {
    fleet.hear = (_, script, outcome) =>
      isApply(script) ? { kind: 'not-started', cause: 'sudo said no', stdout: '', stderr: '' } : outcome;
    const run = await fleet.run(play('p1', { a: wish('new') }));
    expect([run.results(), run.exit]).toEqual([{ a: 'failed' }, 2]);
  });
});

describe('a saved plan', () => {
  const apply = async (word: string) => {
    const plays = [play('p1', { a: wish('right'), b: wish(word, 'must_be') })];
    const { plan } = await fleet.plan({ inventory: 'i', playbook: 'p', plays });
    return async () => fleet.apply({ inventory: 'i', playbook: 'p', plays }, { plan, surveys: new Map() });
  };

  it('looks at the hosts for which it promised no change', async () => {
    fleet.put('a', 'f', 'right');
    fleet.put('b', 'f', 'right');
    const carryOut = await apply('right');
    fleet.put('a', 'f', 'drifted');
    const run = await carryOut();
    expect([run.results(), run.exit]).toEqual([{ a: 'failed', b: 'ok' }, 6]);
  });

  it('runs its checks', async () => {
    fleet.put('b', 'f', 'wrong');
    const run = await (await apply('right'))();
    expect(run.results()).toEqual({ a: 'changed', b: 'failed' });
  });
});
