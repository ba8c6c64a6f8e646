import { describe, expect, test } from 'vitest';
import { type ProofSight, proofVerdict } from '../../src/run/gateway-proof.ts';

const good: ProofSight = {
  gateway: {
    name: 'gw3',
    internalAddress: '10.0.0.3',
    internalInterface: 'eth0',
    externalInterface: 'eth1',
    pool: ['203.0.113.30', '203.0.113.31'],
  },
  canary: { name: 'web01', probes: [{ tcp: '198.51.100.7:443' }, { ping: '198.51.100.7' }] },
  answer: {
    answers: [
      { result: 'ok', why: '' },
      { result: 'ok', why: '' },
    ],
    nextHop: 'answers',
  },
  look: {
    faults: [],
    flows: [
      { key: 'tcp/sport=1/dport=443', destination: '198.51.100.7', seenAs: '203.0.113.30' },
      { key: 'icmp/id=7', destination: '198.51.100.7', seenAs: '203.0.113.31' },
    ],
    leaks: 0,
    unread: undefined,
  },
};
const failing = {
  answers: [
    { result: 'failed', why: 'no connection within 3 s' },
    { result: 'ok', why: '' },
  ],
  nextHop: 'answers',
} as const;

describe('a gateway is proven', () => {
  test('when all probes answer and the outside sees its pool', () => {
    expect(proofVerdict(good)).toEqual({
      said: 'web01 through gw3: all probes answer, seen outside as 203.0.113.30 203.0.113.31',
    });
  });

  test('with a word about it when the connection table cannot be read', () => {
    const look = { faults: [], flows: [], leaks: 0, unread: 'no conntrack' };
    expect(proofVerdict({ ...good, look })).toHaveProperty('said', expect.stringContaining('no conntrack'));
  });
});

describe('a gateway is not proven', () => {
  test('when a probe fails, and what is wrong on the gateway is said beside it', () => {
    const look = { ...good.look, faults: ['it does not forward: net.ipv4.ip_forward is 0'] };
    expect(proofVerdict({ ...good, answer: failing, look })).toEqual({
      problem:
        'web01 through gw3: tcp 198.51.100.7:443: no connection within 3 s; gw3: it does not forward: net.ipv4.ip_forward is 0',
    });
  });

  test('when the outside sees another address, though all probes answer', () => {
    const [first] = good.look.flows;
    const flows = [{ key: 'x', destination: '198.51.100.7', ...first, seenAs: '10.0.1.1' }];
    expect(proofVerdict({ ...good, look: { ...good.look, flows } })).toEqual({
      problem: 'packets leave gw3 as 10.0.1.1, which is not in its pool',
    });
  });

  test('when the gateway has not seen the connection: it went another way', () => {
    const look = { ...good.look, flows: [] };
    expect(proofVerdict({ ...good, look })).toHaveProperty('problem', expect.stringContaining('another way'));
  });

  test('when nobody answers for its inside address', () => {
    const answer = { ...failing, nextHop: 'silent' } as const;
    expect(proofVerdict({ ...good, answer })).toHaveProperty(
      'problem',
      expect.stringContaining('nobody answers for its inside address 10.0.0.3'),
    );
  });

  test('when the look could not be made', () => {
    const answer = { ...failing, problem: 'Error: Nexthop has invalid gateway.' };
    expect(proofVerdict({ ...good, answer })).toEqual({
      problem: 'web01 through gw3: Error: Nexthop has invalid gateway.',
    });
  });
});
