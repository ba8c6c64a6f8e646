/**
 * Durations as people write them: `60` and `60s` are seconds, `5m` minutes, `2h` hours. YAML 1.1 reads `1:30` as the
 * number 90 (base 60), which happens to be the right number of seconds.
 */

const seconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

/** Longer than this is a typing mistake, not a wait. */
const limitSeconds = 7 * 24 * 3600;

/** The number of whole seconds, or undefined when it is no duration of at most a week. */
export function parseDuration(written: unknown): number | undefined {
  if (typeof written !== 'number' && typeof written !== 'string') return undefined;
  const [, amount = '', unit = ''] = /^(\d{1,7})\s*([smh]?)$/.exec(String(written).trim()) ?? [];
  if (amount === '') return undefined;
  const total = Number(amount) * (seconds[unit] ?? 1);
  return total <= limitSeconds ? total : undefined;
}
