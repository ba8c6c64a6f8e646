import { describe, expect, it } from 'vitest';
import { gatewaySettings, webserverSettings } from '../../src/inventory/domain.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import { memoryFiles } from './memory-files.ts';

function host(group: string, variables: string) {
  return readInventory(
    memoryFiles({ i: `${group}: {hosts: {h: {${variables}}}}\n` }),
    'i',
  ).inventory!.hosts.get('h')!;
}

describe('gatewaySettings', () => {
  it('fills in the defaults', () => {
    expect(
      gatewaySettings(host('gateways', 'ansible_host: 10.0.0.1, snat_pool: 203.0.113.10-203.0.113.12')),
    ).toEqual({
      settings: {
        internalInterface: 'eth0',
        internalNetwork: '10.0.0.0/8',
        internalAddress: '10.0.0.1',
        externalInterface: 'eth1',
        pool: ['203.0.113.10', '203.0.113.11', '203.0.113.12'],
        spread: 'connection',
        sticky: [],
        rulesetStyle: 'hardened',
        gatewayState: 'active',
        probes: [],
      },
      diagnostics: [],
    });
  });

  it('reads what is written, templates too', () => {
    const text =
      'lan: 10.1.0.0/16, internal_network: "{{ lan }}", internal_address: 10.1.0.1, snat_pool: [203.0.113.5, 203.0.113.8/30], spread: hash, sticky: [21, 198.51.100.0/24, udp/5060], ruleset_style: seed, gateway_state: standby, probes: [{tcp: "198.51.100.7:443"}, {ping: 198.51.100.7}]';
    expect(gatewaySettings(host('gateways', text)).settings).toMatchObject({
      internalNetwork: '10.1.0.0/16',
      internalAddress: '10.1.0.1',
      pool: ['203.0.113.5', '203.0.113.8', '203.0.113.9', '203.0.113.10', '203.0.113.11'],
      sticky: [21, '198.51.100.0/24', 'udp/5060'],
      probes: [{ tcp: '198.51.100.7:443' }, { ping: '198.51.100.7' }],
    });
  });

  it('says what is missing', () => {
    expect(
      gatewaySettings(host('gateways', 'ansible_host: gw.example.com')).diagnostics.map(
        ({ message, place }) => `${place!.col} ${message}`,
      ),
    ).toEqual([
      "20 the gateway 'h' has no snat_pool",
      "38 the gateway 'h' has no internal_address, and its ansible_host is not an IPv4 address",
    ]);
  });

  it('loads the addresses of 2007', () => {
    expect(
      gatewaySettings(host('gateways', 'ansible_host: 10.0.0.1, snat_pool: 4.2.2.0-4.2.2.5, spread: range'))
        .settings!.pool,
    ).toHaveLength(6);
  });
});

describe('webserverSettings', () => {
  it('fills in the defaults', () => {
    expect(webserverSettings(host('webservers', 'x: 1')).settings).toEqual({
      internalInterface: 'eth0',
      internalNetwork: '10.0.0.0/8',
      gateway: 'auto',
      probes: [],
    });
  });

  it('refuses a gateway that is no name', () => {
    expect(webserverSettings(host('webservers', 'gateway: ')).diagnostics).toMatchObject([
      { message: "'gateway' must be text, and this is nothing" },
    ]);
  });
});
