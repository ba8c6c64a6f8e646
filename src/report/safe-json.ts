/**
 * JSON that may be looked at: JSON.stringify leaves DEL, C1 (a terminal takes U+009B for the start of a command) and the
 * bidirectional overrides as they are. Escaped, they mean the same to every reader.
 */
export function safeJson(value: unknown, indent?: number): string {
  return withoutHiddenSigns(JSON.stringify(value, null, indent));
}

/** The same signs in any text, as the escapes that show what they are. */
export function withoutHiddenSigns(text: string): string {
  return text.replaceAll(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
