/**
 * Reads an inventory: the file, the variable files beside it, and for each host the variables that win. The two
 * layers are Ansible's and surprise people: every inline variable of groups, then every `group_vars` file, then the
 * host's own; so `group_vars/all.yml` beats the inline variables of a child group. Replace, never merge.
 */
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Files } from '../source/files.ts';
import type { SourceNode } from '../source/yaml-document.ts';
import { domainProblems } from './domain.ts';
import {
  type Draft,
  type DraftGroup,
  type DraftHost,
  groupsOf,
  inOrder,
  type WrittenVariables,
} from './group-graph.ts';
import { readInventoryTree } from './inventory-file.ts';
import type { Group, Host, Inventory, Value, Variables } from './model.ts';
import { readSource } from './source-file.ts';
import { strayFiles, type VariableFolder, variableFolder, variablesIn } from './variable-files.ts';

export interface InventoryReading {
  /** Missing only when the file could not be read as YAML at all. Not to be used when there are errors. */
  readonly inventory?: Inventory;
  readonly diagnostics: readonly Diagnostic[];
}

/** `extraVars` (`-e`) beat everything, on every host. */
export function readInventory(
  files: Files,
  path: string,
  extraVars: Variables = new Map(),
): InventoryReading {
  const { root, diagnostics: syntax } = readSource(files, path);
  if (root === undefined) return { diagnostics: syntax };
  const { draft, diagnostics } = readInventoryTree(root);
  const resolver = new Resolver(draft, { files, path, extraVars });
  const inventory = resolver.inventory();
  const all = [...syntax, ...diagnostics, ...resolver.diagnostics(), ...domainProblems(inventory)];
  return { inventory, diagnostics: all };
}

interface Sources {
  readonly files: Files;
  readonly path: string;
  readonly extraVars: Variables;
}

/** Hosts of the same groups share what comes from groups, so that 5,000 hosts cost 5,000 small copies. */
class Resolver {
  readonly #draft: Draft;
  readonly #sources: Sources;
  readonly #groupFiles: VariableFolder;
  readonly #hostFiles: VariableFolder;
  readonly #shared = new Map<
    string,
    { readonly groups: readonly string[]; readonly variables: WrittenVariables }
  >();
  readonly #fromFiles = new Map<DraftGroup, WrittenVariables>();

  constructor(draft: Draft, sources: Sources) {
    this.#draft = draft;
    this.#sources = sources;
    this.#groupFiles = variableFolder(sources.files, sources.path, 'group_vars');
    this.#hostFiles = variableFolder(sources.files, sources.path, 'host_vars');
    for (const group of draft.groups.values())
      this.#fromFiles.set(group, variablesIn(this.#groupFiles, group.name));
  }

  inventory(): Inventory {
    const hosts = [...this.#draft.hosts.values()].map((host) => [host.name, this.#host(host)] as const);
    const groups = [...this.#draft.groups.values()].map((group) => [group.name, groupOf(group)] as const);
    return { file: this.#sources.path, hosts: new Map(hosts), groups: new Map(groups) };
  }

  diagnostics(): readonly Diagnostic[] {
    return [
      ...this.#groupFiles.diagnostics,
      ...this.#hostFiles.diagnostics,
      ...strayFiles(this.#groupFiles, new Set(this.#draft.groups.keys()), 'group'),
      ...strayFiles(this.#hostFiles, new Set(this.#draft.hosts.keys()), 'host'),
    ];
  }

  #host(draft: DraftHost): Host {
    const { groups, variables: fromGroups } = this.#fromGroups(draft);
    const nodes = new Map([...fromGroups, ...draft.variables, ...variablesIn(this.#hostFiles, draft.name)]);
    for (const name of this.#sources.extraVars.keys()) nodes.delete(name);
    const written = [...nodes].map(([name, { value }]) => [name, value] as const);
    return {
      name: draft.name,
      groups,
      variables: new Map<string, Value>([...written, ...this.#sources.extraVars]),
      places: new Map([...nodes].map(([name, { place }]) => [name, place])),
      nodes,
      place: draft.place,
    };
  }

  #fromGroups(host: DraftHost): { readonly groups: readonly string[]; readonly variables: WrittenVariables } {
    const key = JSON.stringify([host.leftUngrouped ?? false, ...[...host.groups].map(({ name }) => name)]);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const groups = inOrder(groupsOf(host)).filter((group) => group !== this.#draft.all);
    const layers = [this.#draft.all, ...groups];
    const variables = new Map<string, SourceNode>([
      ...layers.flatMap((group) => [...group.variables]),
      ...layers.flatMap((group) => [...(this.#fromFiles.get(group) ?? [])]),
    ]);
    const made = { groups: ['all', ...groups.map(({ name }) => name)], variables };
    this.#shared.set(key, made);
    return made;
  }
}

function groupOf({ name, hosts, children, place }: DraftGroup): Group {
  const names = [...children].map((child) => child.name);
  return { name, hosts: [...hosts], children: names, ...(place === undefined ? {} : { place }) };
}
