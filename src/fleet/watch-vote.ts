/**
 * What one webserver's look through gateways says about each of them. What a reader gets wrong: a probe that fails
 * through every gateway is about what is probed, or about this webserver, and never about a gateway.
 */

/** Probe -> whether it was answered. */
export type Answers = ReadonlyMap<string, boolean>;

export type Sight =
  | {
      readonly kind: 'saw';
      /** Gateways that could not be looked through are not there. */
      readonly through: ReadonlyMap<string, Answers>;
      /** It was asked to look through all gateways, not through its own alone. */
      readonly whole: boolean;
    }
  | { readonly kind: 'absent'; readonly why: string };

/** `suspects`: a miss that nothing was compared with yet. `nothing`: it reaches nothing through any gateway. */
export type Vote = 'carries' | 'misses' | 'suspects' | 'nothing';

/**
 * Its votes by gateway; empty where it has none. `witnessed`: probes that a gateway standing by reaches itself. They
 * count only where there is one gateway to look through: with two, the webserver's own comparison knows better.
 */
export function votesOf(sight: Sight, witnessed: ReadonlySet<string> = new Set()): ReadonlyMap<string, Vote> {
  if (sight.kind === 'absent') return new Map();
  const looks = [...sight.through];
  const own = looks.flatMap(([, answers]) => namesOf(answers, true));
  const reached = new Set(looks.length === 1 ? [...own, ...witnessed] : own);
  const broken = sight.whole && looks.length > 0 && reached.size === 0;
  return new Map(
    looks.map(([gateway, answers]) => {
      const failed = namesOf(answers, false);
      if (failed.length === 0) return [gateway, 'carries'];
      if (!sight.whole) return [gateway, 'suspects'];
      if (broken) return [gateway, 'nothing'];
      const isMiss = failed.length === answers.size || failed.some((probe) => reached.has(probe));
      return [gateway, isMiss ? 'misses' : 'carries'];
    }),
  );
}

export function namesOf(answers: Answers, answered: boolean): readonly string[] {
  return [...answers].flatMap(([probe, isAnswered]) => (isAnswered === answered ? [probe] : []));
}
