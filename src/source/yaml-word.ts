/** One word as YAML or JSON: quotes only where a reader of YAML 1.1 would take it for something else. */

export function quotedScalar(word: string, as: 'yaml' | 'json'): string {
  return as === 'yaml' && isPlain(word) ? word : JSON.stringify(word);
}

/** Names, and addresses with what belongs to them: `10.0.0.3`, `203.0.113.10-203.0.113.15`, `192.0.2.0/24`. */
function isPlain(word: string): boolean {
  if (/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(word)) return false;
  return /^[A-Za-z_][\w.-]*$/.test(word) || /^\d+\.\d+\.\d+\.\d+(?:-\d+\.\d+\.\d+\.\d+|\/\d+)?$/.test(word);
}
