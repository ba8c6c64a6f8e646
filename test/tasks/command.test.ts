import { describe, expect, test } from 'vitest';
import { check } from '../../src/tasks/check.ts';
import { command } from '../../src/tasks/command.ts';
import { facts } from './samples.ts';

describe('command', () => {
  test('needs to know when there is nothing to do, and one way to run', () => {
    expect(command.problems({ cmd: 'make' })[0]?.hint).toContain('creates: /path');
    expect(command.problems({ cmd: 'make', argv: ['make'], creates: '/x' })).toHaveLength(1);
    expect(command.problems({ creates: '/x' })).toHaveLength(1);
    expect(command.problems({ cmd: 'make', creates: 'x', chdir: 'y' })).toHaveLength(2);
  });

  test('is one line in a plan', () => {
    const args = { argv: ['echo', "it's", 'a\nb'], creates: '/x' };
    const wanted = command.desired(
      args,
      command.read({ code: 0, stdout: 'pending\n', stderr: '' }, args),
      facts,
    );
    const [change] = command.changes(null, wanted.kind === 'state' ? wanted.state : null);
    expect(change).toEqual({
      action: 'run',
      kind: 'command',
      name: `echo 'it'\\''s' 'a b'`,
      from: 'pending',
      to: 'done',
    });
  });
});

describe('check', () => {
  test.each([
    { tcp: '198.51.100.7' },
    { tcp: '198.51.100.7:0' },
    { tcp: '010.0.0.1:443' },
    { tcp: '-x:443' },
    { ping: '10.1' },
    { ping: '-f' },
    { http: 'ftp://x/' },
    { http: 'http:// x/' },
    { tcp: '198.51.100.7:443', status: 200 },
    { tcp: '198.51.100.7:443', ping: '10.0.0.1' },
    {},
  ])('refuses %j', (args) => {
    expect(check.problems(args)).not.toEqual([]);
  });

  test('is a change only in that it does not hold', () => {
    const args = { tcp: '198.51.100.7:443' };
    const seen = check.read({ code: 0, stdout: 'failed: no TCP connection\n', stderr: '' }, args);
    const wanted = check.desired(args, seen, facts);
    const to = wanted.kind === 'state' ? wanted.state : null;
    expect(check.changes(seen.kind === 'present' ? seen.state : null, to)).toEqual([
      {
        action: 'run',
        kind: 'check',
        name: 'tcp 198.51.100.7:443',
        from: 'tcp 198.51.100.7:443: no TCP connection',
        to: 'ok',
      },
    ]);
    expect(check.apply(seen.kind === 'present' ? seen.state : null, to).text).toBe('');
  });
});
