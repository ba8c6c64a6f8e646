/**
 * What is still to be offered to one host, over as many connections as its limit on tries makes necessary: five keys
 * each, and what a host with a smaller limit did not hear of comes next.
 */
import type { AnyAuthMethod } from 'ssh2';
import type { LoginMethods } from './login-methods.ts';

/** A host that logs failed logins may ban us for too many. */
const connectionsAtMost = 4;

export class Offers {
  /** Taken off as it is offered. */
  readonly methods: AnyAuthMethod[];
  readonly hint: string | undefined;
  readonly #words = new Map<AnyAuthMethod, string>();
  readonly #missing: readonly string[];
  #later: LoginMethods['later'] | undefined;
  #connections = 1;

  constructor({ methods, missing, later, hint }: LoginMethods) {
    this.methods = methods.map(({ method }) => method);
    this.hint = hint;
    this.#missing = missing;
    this.#later = later;
    for (const { method, words } of methods) this.#words.set(method, words);
  }

  /** After a refusal: whether there is more to offer over another connection. */
  async goOn(): Promise<boolean> {
    this.#connections += 1;
    if (this.#connections > connectionsAtMost) return false;
    if (this.methods.length > 0) return true;
    const later = this.#later;
    this.#later = undefined;
    for (const { method, words } of (await later?.()) ?? []) {
      this.methods.push(method);
      this.#words.set(method, words);
    }
    return this.methods.length > 0;
  }

  /** In words, for the error. */
  get tried(): string {
    const left = new Set(this.methods);
    const tried = [...this.#words].filter(([method]) => !left.has(method)).map(([, words]) => words);
    const more = left.size === 0 ? [] : [`${left.size} more were not tried (MaxAuthTries)`];
    return [...new Set([...tried, ...this.#missing, ...more])].join('; ') || 'nothing';
  }
}
