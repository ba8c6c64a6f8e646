import { expect, test } from 'vitest';
import { openSocket, socketFailure } from '../../src/remote/socket.ts';

test.each([
  ['EMFILE', 'unreachable', /too many open files/],
  ['ECONNREFUSED', 'unreachable', /connection refused/],
  ['EHOSTUNREACH', 'unreachable', /no route to host/],
  ['ETIMEDOUT', 'timed-out', /did not answer/],
])('%s is said in words', (code, kind, words) => {
  const failure = socketFailure('10.0.0.1 port 22', Object.assign(new Error('raw'), { code }));
  expect(failure.kind).toBe(kind);
  expect(failure.message).toMatch(words);
  expect(failure.message).toContain('10.0.0.1 port 22');
});

test('an interrupted connection attempt ends at once', async () => {
  const options = { connectTimeoutSeconds: 60, signal: AbortSignal.abort() };
  const failure = await openSocket({ address: '127.0.0.1', port: 1 }, options);
  expect(failure).toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/interrupted/) as string,
  });
});
