/**
 * Looks at the keys of many hosts before any of them is entered, jump hosts under their own names. A jump host whose
 * key is not known yet is entered tentatively, by key and never by password, to see what lies behind: so one question
 * can name all unknown keys of a run, and nothing is trusted before its answer.
 */
import pLimit from 'p-limit';
import { hostKeyFamilies } from './host-key-algorithms.ts';
import type { HostKeyRule } from './host-keys.ts';
import { JumpHosts } from './jump-hosts.ts';
import type { Verdict } from './known-hosts.ts';
import { opensshHostKey } from './openssh-host-key.ts';
import type { ConnectFailure, Target } from './remote.ts';
import { type Hop, hostKeyRuleOf, type Routes } from './route.ts';
import type { SshConfig } from './ssh-config.ts';
import { type LoginShop, showHostKey } from './ssh-login.ts';

/** What is looked at: only what has to be asked about; each host as a login sees it; or every key that it has. */
export type ScoutingDepth = 'unknown' | 'as-login' | 'all-keys';

/** One SSH server and one key that it showed. */
export interface HostKeySight {
  /** As in known_hosts. */
  readonly name: string;
  /** The hosts of the inventory that are entered there or through there. */
  readonly hosts: readonly string[];
  readonly isJumpHost: boolean;
  readonly rule: HostKeyRule;
  readonly blob: Buffer;
  readonly verdict: Verdict;
}

/** A server that showed no key. */
export interface HostKeyMiss {
  readonly hosts: readonly string[];
  readonly failure: ConnectFailure;
}

export interface Scouting {
  readonly sights: readonly HostKeySight[];
  readonly misses: readonly HostKeyMiss[];
}

/** Key exchanges cost CPU here; more at once gain nothing. */
const atOnce = 32;

export async function scoutHostKeys(
  targets: Iterable<Target>,
  { depth, signal }: { readonly depth: ScoutingDepth; readonly signal?: AbortSignal | undefined },
  { shop, config, routes }: ScoutGround,
): Promise<Scouting> {
  const tentative: LoginShop = { ...shop, unknownKeys: 'tentative' };
  const scout = new Scout({ depth, signal, shop: tentative, config, routes });
  try {
    await Promise.all([...targets].map((target) => scout.visit(target)));
    return await scout.result();
  } finally {
    await scout.close();
  }
}

interface ScoutGround {
  readonly shop: LoginShop;
  readonly config: SshConfig;
  readonly routes: Routes;
}

interface ScoutOptions extends ScoutGround {
  readonly depth: ScoutingDepth;
  readonly signal: AbortSignal | undefined;
}

/** One server: who needs it, and the look at it, which is taken once. */
interface Visit {
  readonly rule: HostKeyRule;
  readonly hosts: Set<string>;
  readonly isJumpHost: boolean;
  readonly looking: Promise<readonly Buffer[] | ConnectFailure>;
}

class Scout {
  readonly #options: ScoutOptions;
  readonly #jumps: JumpHosts;
  readonly #visits = new Map<string, Visit>();
  readonly #lost: HostKeyMiss[] = [];
  readonly #limit = pLimit(atOnce);

  constructor(options: ScoutOptions) {
    this.#options = options;
    this.#jumps = new JumpHosts(options.shop);
  }

  async visit(target: Target): Promise<void> {
    if (target.transport === 'local') return;
    const route = await this.#options.routes.to(target);
    if (target.transport === 'openssh') await this.#visitOpenssh(target, 'kind' in route ? [] : route.jumps);
    else if ('kind' in route) this.#lost.push({ hosts: [target.host], failure: route });
    else await this.#visitHops([...route.jumps, route.last], target.host);
  }

  async close(): Promise<void> {
    await this.#jumps.close();
  }

  async result(): Promise<Scouting> {
    const sights: HostKeySight[] = [];
    const misses: HostKeyMiss[] = [...this.#lost];
    for (const { rule, hosts, isJumpHost, looking } of this.#visits.values()) {
      const found = await looking;
      if ('kind' in found) misses.push({ hosts: [...hosts], failure: found });
      else
        for (const blob of found) {
          const verdict = this.#options.shop.hostKeys.judge(rule, blob);
          if (verdict.kind === 'unreadable') misses.push({ hosts: [...hosts], failure: verdict.failure });
          else sights.push({ name: rule.name, hosts: [...hosts], isJumpHost, rule, blob, verdict });
        }
    }
    return { sights, misses };
  }

  async #visitHops(hops: readonly Hop[], host: string): Promise<void> {
    for (const [index, hop] of hops.entries()) {
      const isJumpHost = index < hops.length - 1;
      const rule = hop.hostKeyRule;
      await this.#once(rule, { host, isJumpHost }, () => this.#look(hops.slice(0, index), hop));
      if (this.#isClosed(rule)) return;
    }
  }

  /** The system's ssh goes its own way; only the jump hosts' own keys are looked at from here. */
  async #visitOpenssh(target: Target, jumps: readonly Hop[]): Promise<void> {
    const { shop, config, signal } = this.#options;
    const { host } = target;
    const rule = await hostKeyRuleOf(target, shop.settings, config);
    if ('kind' in rule) {
      this.#lost.push({ hosts: [host], failure: rule });
      return;
    }
    for (const [index, hop] of jumps.entries()) {
      await this.#once(hop.hostKeyRule, { host, isJumpHost: true }, () =>
        this.#look(jumps.slice(0, index), hop),
      );
    }
    await this.#once(rule, { host, isJumpHost: false }, () =>
      opensshHostKey(target, { settings: shop.settings, signal }),
    );
  }

  async #once(
    rule: HostKeyRule,
    { host, isJumpHost }: { host: string; isJumpHost: boolean },
    look: () => Promise<readonly Buffer[] | ConnectFailure>,
  ): Promise<void> {
    const key = [rule.name, ...rule.files].join('\n');
    let visit = this.#visits.get(key);
    if (visit === undefined) {
      if (!this.#isWorthALook(rule)) return;
      visit = { rule, hosts: new Set(), isJumpHost, looking: look() };
      this.#visits.set(key, visit);
    }
    visit.hosts.add(host);
    await visit.looking;
  }

  /** Before a run nobody enters what is to be refused. */
  #isClosed(rule: HostKeyRule): boolean {
    return this.#options.depth === 'unknown' && rule.policy === 'strict' && this.#isUnknown(rule);
  }

  #isWorthALook(rule: HostKeyRule): boolean {
    return this.#options.depth !== 'unknown' || (rule.policy === 'ask' && this.#isUnknown(rule));
  }

  #isUnknown(rule: HostKeyRule): boolean {
    const known = this.#options.shop.hostKeys.known(rule);
    return 'keys' in known && known.keys.every(({ marker }) => marker !== 'none');
  }

  async #look(jumps: readonly Hop[], hop: Hop): Promise<readonly Buffer[] | ConnectFailure> {
    const { signal, depth, shop } = this.#options;
    const passage = await this.#jumps.passage(jumps, hop, signal);
    if ('kind' in passage) return passage;
    const { way, limit, release } = passage;
    const show = (algorithms?: readonly string[]) =>
      this.#limit(() =>
        limit(() => showHostKey(hop, { way, signal, ...(algorithms && { algorithms }) }, shop)),
      );
    const first = await show();
    const wanted = depth === 'all-keys' && !('kind' in first) ? hostKeyFamilies : [];
    // One after the other: a host that is asked for all at once may drop some (MaxStartups).
    const blobs = 'kind' in first ? [] : [first.blob];
    for (const family of wanted) {
      const shown = await show(family);
      if (!('kind' in shown) && !blobs.some((blob) => blob.equals(shown.blob))) blobs.push(shown.blob);
    }
    await release();
    return 'kind' in first ? first : blobs;
  }
}
