/** Events as the conductor stamps them, each checked against the published schema. */
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { type BareEvent, eventSchema, type RunEvent } from '../../src/report/event.ts';

const ajv = new Ajv({ allErrors: false, strict: true });
addFormats.default(ajv);
const valid = ajv.compile(eventSchema);

export function stamped(bare: BareEvent): RunEvent {
  const event = { ...bare, v: 1, at: '2026-11-22T21:40:07.123Z', run: '20261122-214007-7f3a' } as RunEvent;
  expect(valid(JSON.parse(JSON.stringify(event))), JSON.stringify([event, valid.errors])).toBe(true);
  return event;
}
