import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHistory, type RunRecord } from '../../src/run/history.ts';
import { pastRunIds } from '../../src/run/past-run.ts';

describe('runs of the past', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'gwfleet-past-run-'));
  });
  afterEach(() => rmSync(state, { recursive: true }));
  const begun = (run: string, startedAt: string): void => {
    const record: Partial<RunRecord> = { run, startedAt, hosts: [], inventoryFile: '/inventory.yaml' };
    openHistory(state, record as RunRecord);
  };

  it('are told the newest first, those of one second, too', () => {
    begun('20261130-193808-27ee', '2026-11-30T19:38:08.100Z');
    begun('20261130-193808-132b', '2026-11-30T19:38:08.600Z');
    begun('20261130-193807-ffff', '2026-11-30T19:38:07.900Z');
    begun('20261130-193809-0000', '2026-11-30T19:38:09.000Z');
    expect(pastRunIds(state)).toEqual([
      '20261130-193809-0000',
      '20261130-193808-132b',
      '20261130-193808-27ee',
      '20261130-193807-ffff',
    ]);
  });
});
