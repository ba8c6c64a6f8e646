/**
 * Which variables hold secrets: told by their names, since nothing else marks them. What a task makes of such a
 * variable, and of everything under `no_log: true`, is hidden wherever it would be shown or kept.
 */

const telling = /passw|passphrase|secret|token|private_?key|api_?key|credential|(?:^|_)pass$/i;
/** Names a place or a size of a secret, and is none: `ansible_ssh_private_key_file`, `token_path`. */
const harmless = /_(?:file|path|dir|folder|name|id|url|length|size|count|user|group|mode|ttl|timeout)s?$/i;

const known = new Map<string, boolean>();

export function isSecretName(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const answer = telling.test(name) && !harmless.test(name);
  known.set(name, answer);
  return answer;
}

/** The texts in a value that is a secret, or of the secret keys in one that is not. */
export function secretTexts(name: string, value: unknown): readonly string[] {
  if (typeof value === 'string' || typeof value === 'number')
    return isSecretName(name) ? [String(value)] : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => secretTexts(isSecretName(name) ? name : key, item));
}

const keyed = /(["']?)([A-Za-z_][\w-]*)\1\s*[:=]\s*/g;

/**
 * A user's file with the values of secret names as stars, of the same length, so that a caret still points right.
 * Lines of a block below such a name count, too.
 */
export function maskedSecrets(text: string): string {
  let inside = -1;
  return text
    .split('\n')
    .map((line) => {
      const indent = line.search(/\S/);
      if (inside >= 0 && (indent === -1 || indent > inside)) return line.replaceAll(/\S/g, '*');
      inside = -1;
      const [, name = ''] = /^\s*(?:- )?["']?([\w-]+)["']?\s*:\s*(?:[|>][-+\d]*)?\s*$/.exec(line) ?? [];
      if (isSecretName(name)) inside = indent;
      return maskedLine(line);
    })
    .join('\n');
}

/** A quoted text to its end, a plain one inside of braces to the next comma, anything else to the end of the line. */
function maskedLine(line: string): string {
  let masked = line;
  for (const { 0: head, 2: key = '', index } of line.matchAll(keyed)) {
    const from = index + head.length;
    if (!isSecretName(key)) continue;
    const rest = line.slice(from);
    const first = /^[\s-]*$/.test(line.slice(0, index));
    const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/.exec(rest)?.[0];
    const plain = first || /^[{[]/.test(rest) ? rest : (/^[^,}\]]*/.exec(rest)?.[0] ?? '');
    const { length } = quoted ?? plain.trimEnd();
    masked = `${masked.slice(0, from)}${'*'.repeat(length)}${masked.slice(from + length)}`;
  }
  return masked;
}
