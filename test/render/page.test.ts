/** The page of a run: complete, safe, and in need of nothing. */
import { expect, it } from 'vitest';
import { page } from '../../src/render/page/page.ts';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import { recording } from './recording.ts';

const { events, plan } = recording();
const order = {
  ...{ run: '20261122-214007-7f3a', command: 'apply', owner: 'ann@desk', startedAt: '2026-11-22T21:40:07Z' },
  ...{ inventory: 'inventories/<prod>.yaml', events, plan },
};

it('says how 400 hosts ended, each with a row of the timeline', () => {
  const text = page({ ...order, state: events.reduce(reduce, emptyRunState) });
  expect(text).toContain('400 hosts: 390 changed, 3 unreachable, 2 failed, 3 rolled-back, 2 unknown');
  expect(text.match(/class="row"/g)).toHaveLength(400);
  expect(text).toContain('RTNETLINK answers: Network is unreachable');
  expect(text).toContain('playbooks/site.yaml:16:7');
  expect(text.length).toBeLessThan(200_000);
});

it('fetches nothing, runs nothing, and lets no word of a host be HTML', () => {
  const told = events.map((event) =>
    event.type === 'host-finished' ? { ...event, message: '<script>alert(1)</script>' } : event,
  );
  const text = page({ ...order, state: told.reduce(reduce, emptyRunState) });
  expect(text).not.toMatch(/<script|https?:|src=|<link|@import|url\(/);
  expect(text).toContain('inventories/&#60;prod&#62;.yaml');
});
