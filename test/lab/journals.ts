/** Every event of every run that a lab test sees is held against the published schema. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { eventSchema } from '../../src/report/event.ts';
import { stateFolder } from '../../src/run/history.ts';

const ajv = new Ajv({ strict: true });
addFormats.default(ajv);
const valid = ajv.compile(eventSchema);

/** The runs that a command has named on stderr, from its plain lines. */
export function checkJournals(stderr: string): void {
  for (const [, run = ''] of stderr.matchAll(/^\S+ run (\d{8}-\d{6}-[0-9a-f]{4}):/gm)) {
    for (const line of journalOf(run)) expect(valid(JSON.parse(line)), line).toBe(true);
  }
}

/** A dry run, and one that keeps its state elsewhere, has none here. The last line may be half of one. */
function journalOf(run: string): readonly string[] {
  try {
    const text = readFileSync(join(stateFolder(process.env), 'runs', run, 'events.jsonl'), 'utf8');
    return text.split('\n').slice(0, -1);
  } catch {
    return [];
  }
}
