/**
 * The JSON Schema of an inventory file, for editors: `# yaml-language-server: $schema=...`. Ansible's own editor
 * schema allows only hosts, vars and children in a group, so all of ours lives in variables and both accept a file.
 * The reader does not use it: its rules (ranges, merges, bare strings) have better words there.
 */
import { type TSchema, Type } from '@sinclair/typebox';
import { gatewayVariables, webserverVariables } from './domain-schema.ts';

const nothing = Type.Null();
const template = Type.String({
  pattern: '\\{\\{',
  description: 'A reference to another variable: "{{ name }}".',
});

const connectionVariables = {
  ansible_host: Type.String({ description: 'The address to connect to. Default: the name of the host.' }),
  ansible_port: Type.Union([Type.Integer({ minimum: 1, maximum: 65_535 }), template], {
    description: 'Port of sshd. Default: 22.',
  }),
  ansible_user: Type.Union([Type.String(), Type.Integer()], {
    description: 'Who to log in as. Wins over -u.',
  }),
  ansible_password: Type.String({ description: 'Password for SSH. Keys are better.' }),
  ansible_ssh_private_key_file: Type.String({ description: 'Private key. Wins over --private-key.' }),
  ansible_ssh_common_args: Type.String({
    description: '-J HOST, -o ProxyJump|StrictHostKeyChecking|UserKnownHostsFile.',
  }),
  ansible_become: Type.Union([Type.Boolean(), Type.String()], {
    description: 'Whether to become another user by sudo.',
  }),
  ansible_become_user: Type.String({ description: 'Whom to become. Default: root.' }),
  ansible_become_password: Type.String({ description: 'Password for sudo; better asked for with -K.' }),
  ansible_connection: Type.String({ description: 'ssh, openssh or local. Default: ssh.' }),
  ansible_group_priority: Type.Union([Type.Integer(), Type.String(), Type.Boolean()], {
    description: 'Among groups of one depth the highest wins. Default: 1. Only in the inventory file.',
  }),
};

function orTemplate(schema: TSchema): TSchema {
  const description: string = schema.description ?? '';
  return Type.Union([schema, template], { description });
}

const domainVariables = Object.fromEntries(
  Object.entries<TSchema>({ ...webserverVariables, ...gatewayVariables }).map(([name, schema]) => [
    name,
    orTemplate(schema),
  ]),
);

const variables = Type.Partial(Type.Object({ ...connectionVariables, ...domainVariables }), {
  additionalProperties: true,
  description: 'Variables. Names that gwfleet does not know are free.',
});

function reference(name: string): TSchema {
  return Type.Unsafe({ $ref: `#/$defs/${name}` });
}

function named(schema: TSchema, description: string): TSchema {
  return Type.Union([Type.Unsafe({ type: 'object', additionalProperties: schema }), Type.String(), nothing], {
    description,
  });
}

const group = Type.Partial(
  Type.Object({
    hosts: named(
      Type.Union([reference('variables'), nothing]),
      'Hosts: NAME, NAME:PORT, or ranges like web[01:50], db[a:f], w[1:9:2].',
    ),
    vars: Type.Union([reference('variables'), nothing], {
      description: 'Variables of all hosts in the group.',
    }),
    children: named(Type.Union([reference('group'), nothing]), 'Groups that belong to this one.'),
  }),
  { additionalProperties: false, description: 'A group of hosts.' },
);

/** Draft 2020-12. */
export const inventorySchema: TSchema = Type.Unsafe({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'gwfleet inventory',
  description: 'An Ansible YAML inventory. The groups `gateways` and `webservers` give hosts their roles.',
  type: 'object',
  minProperties: 1,
  additionalProperties: Type.Union([reference('group'), nothing]),
  $defs: { group, variables },
});
