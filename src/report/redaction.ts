/**
 * Takes the secrets of a run out of texts, as the last net: what a task makes of a secret is hidden by the plan
 * itself, but a host may say anything. A secret is also found as JSON writes it, and line by line.
 */
export type Redact = <Value>(value: Value) => Value;

/** As a plan writes it, too. */
const hidden = '(hidden)';

/** Shorter texts are part of too many others: hiding them would make every line unreadable. */
const shortest = 5;

/** Hides every given text in a text, or in every text inside a value. */
export function redaction(secrets: Iterable<string>): Redact {
  const byStart = new Map<string, readonly string[]>();
  for (const form of new Set([...secrets].flatMap(formsOf))) {
    const start = form.slice(0, shortest);
    // The longest first: of two secrets that begin alike, all of the longer one goes.
    byStart.set(
      start,
      [form, ...(byStart.get(start) ?? [])].toSorted((a, b) => b.length - a.length),
    );
  }
  if (byStart.size === 0) return (value) => value;
  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return without(value, byStart);
    if (Array.isArray(value)) return value.map(redact);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(item)]));
  };
  return redact as Redact;
}

/** One pass, however many secrets there are: a fleet may have one for each host. */
function without(text: string, byStart: ReadonlyMap<string, readonly string[]>): string {
  const pieces: string[] = [];
  let from = 0;
  for (let at = 0; at + shortest <= text.length; at += 1) {
    const found = byStart.get(text.slice(at, at + shortest))?.find((form) => text.startsWith(form, at));
    if (found === undefined) continue;
    pieces.push(text.slice(from, at), hidden);
    at += found.length - 1;
    from = at + 1;
  }
  return pieces.length === 0 ? text : `${pieces.join('')}${text.slice(from)}`;
}

/** A key of several lines comes back line by line: in the last words of a host, in a difference. */
function formsOf(secret: string): readonly string[] {
  const lines = secret.split('\n').map((line) => line.trim());
  const texts = [secret, ...lines].filter((text) => text.length >= shortest);
  return texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
}
