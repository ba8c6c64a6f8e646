/**
 * The variables of the domain, once: types, editor help, checks. What a schema cannot say of an address stands in
 * domain-values.ts.
 */
import { type Static, Type } from '@sinclair/typebox';

const interfaceName = (description: string) =>
  Type.String({ pattern: '^(?!\\.{1,2}$)[^\\s/:]{1,15}$', description });

const pool = Type.Union(
  [Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })],
  {
    description:
      'The addresses a gateway SNATs to: "203.0.113.10-203.0.113.15", a CIDR, one address, or a list of these. Their order numbers the aliases.',
  },
);

const probe = Type.Union(
  [
    Type.Object({ tcp: Type.String({ description: 'ADDRESS:PORT' }) }, { additionalProperties: false }),
    Type.Object(
      { http: Type.String({ description: 'http://ADDRESS[:PORT]/PATH' }) },
      { additionalProperties: false },
    ),
    Type.Object({ ping: Type.String({ description: 'ADDRESS' }) }, { additionalProperties: false }),
  ],
  { description: 'One address that must answer: {tcp: "198.51.100.7:443"}, {http: URL} or {ping: ADDRESS}.' },
);

const bothVariables = {
  internal_interface: interfaceName('The private side. Default: eth0.'),
  internal_network: Type.String({
    description: 'What may leave through the gateways, as CIDR. Default: 10.0.0.0/8.',
  }),
  probes: Type.Array(probe, {
    description: 'Addresses that must answer before and after a change. Default: none.',
  }),
};

export const gatewayVariables = {
  ...bothVariables,
  internal_address: Type.String({ description: 'Next hop for webservers. Default: ansible_host.' }),
  external_interface: interfaceName('The public side. Default: eth1.'),
  snat_pool: pool,
  spread: Type.Union(
    [Type.Literal('connection'), Type.Literal('hash'), Type.Literal('client'), Type.Literal('range')],
    {
      description:
        'How connections choose a pool address: connection (round robin), hash (survives takeover by a twin), client (one client keeps one address), range (one rule, as in 2007). The last two need one contiguous range. Default: connection.',
    },
  ),
  sticky: Type.Array(
    Type.Union([Type.String({ minLength: 1 }), Type.Integer({ minimum: 1, maximum: 65_535 })]),
    {
      description:
        'Whose clients must keep one address: destinations ("198.51.100.0/24") and ports (21, "tcp/21", "udp/5060"). Default: none.',
    },
  ),
  twin: Type.String({
    minLength: 1,
    description:
      'The other gateway with the same pool (write snat_pool and twin at either of them): one is active and has the addresses, one stands by, configured and ready to take them over by gwfleet failover. Live connections survive. Needs spread: hash. Default: none.',
  }),
  ruleset_style: Type.Union([Type.Literal('hardened'), Type.Literal('seed')], {
    description:
      'hardened (own chains, others untouched) or seed (whole tables as in 2007). Default: hardened.',
  }),
  gateway_state: Type.Union([Type.Literal('active'), Type.Literal('standby'), Type.Literal('draining')], {
    description: 'active, standby (configured, carries nobody) or draining. Default: active.',
  }),
};

export const webserverVariables = {
  ...bothVariables,
  gateway: Type.String({
    minLength: 1,
    description: "auto (balanced over the active gateways by pool size) or a gateway's name. Default: auto.",
  }),
};

export const gatewaySchema = Type.Partial(Type.Object(gatewayVariables));
export const webserverSchema = Type.Partial(Type.Object(webserverVariables));

export type GatewayVariables = Static<typeof gatewaySchema>;
export type WebserverVariables = Static<typeof webserverSchema>;
export type Spread = NonNullable<GatewayVariables['spread']>;
export type Probe = Static<typeof probe>;
