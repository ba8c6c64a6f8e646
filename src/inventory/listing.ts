/**
 * What `ansible-inventory` prints: `--list`, `--host`, `--graph`. Keys are sorted as there; hosts and groups stand in
 * the file's order. Empty groups appear only among their parent's children, hosts without variables not in hostvars.
 */
import type { Host, Inventory, Value } from './model.ts';

/** The JSON of `--list`. */
export function listing(inventory: Inventory): { readonly [key: string]: Value } {
  const sections = new Map<string, Value>();
  addSection(sections, inventory, 'all');
  const hostvars = [...inventory.hosts.values()]
    .map((host) => [host.name, variablesOf(host)] as const)
    .filter(([, variables]) => Object.keys(variables).length > 0);
  sections.set('_meta', { hostvars: Object.fromEntries(hostvars) });
  return sorted(Object.fromEntries(sections)) as { readonly [key: string]: Value };
}

/** The JSON of `--host NAME`, or undefined when there is no such host. */
export function hostListing(
  inventory: Inventory,
  name: string,
): { readonly [key: string]: Value } | undefined {
  const host = inventory.hosts.get(name);
  return host === undefined ? undefined : (sorted(variablesOf(host)) as { readonly [key: string]: Value });
}

/** The text of `--graph`, without a newline at the end. */
export function graph(inventory: Inventory, start = 'all'): string {
  return branches(inventory, start, 0).join('\n');
}

function addSection(sections: Map<string, Value>, inventory: Inventory, name: string): void {
  if (sections.has(name)) return;
  sections.set(name, null);
  const { hosts = [], children = [] } = inventory.groups.get(name) ?? {};
  for (const child of children) addSection(sections, inventory, child);
  const section = {
    ...(hosts.length > 0 && name !== 'all' ? { hosts } : {}),
    ...(children.length > 0 ? { children } : {}),
  };
  if (Object.keys(section).length > 0) sections.set(name, section);
  else sections.delete(name);
}

/** Names that Ansible keeps for itself and takes out of what it prints. */
const internal = new Set([
  'ansible_config_file',
  'ansible_diff_mode',
  'ansible_facts',
  'ansible_forks',
  'ansible_inventory_sources',
  'ansible_limit',
  'ansible_playbook_python',
  'ansible_run_tags',
  'ansible_skip_tags',
  'ansible_verbosity',
  'ansible_version',
  'inventory_dir',
  'inventory_file',
  'inventory_hostname',
  'inventory_hostname_short',
  'groups',
  'group_names',
  'omit',
  'playbook_dir',
]);

function variablesOf(host: Host): { readonly [key: string]: Value } {
  return Object.fromEntries([...host.variables].filter(([name]) => !internal.has(name)));
}

function sorted(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Value) => sorted(item));
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function branches(inventory: Inventory, name: string, depth: number): string[] {
  const { hosts = [], children = [] } = inventory.groups.get(name) ?? {};
  return [
    twig(`@${name}:`, depth),
    ...children.flatMap((child) => branches(inventory, child, depth + 1)),
    ...(name === 'all' ? [] : hosts.map((host) => twig(host, depth + 1))),
  ];
}

function twig(name: string, depth: number): string {
  return depth === 0 ? name : `${'  |'.repeat(depth)}--${name}`;
}
