/**
 * What a host printed, made safe for a screen, a log line or a file: control characters become visible pictures, so
 * no escape sequence survives. Newlines and tabs stay where text of several lines is wanted.
 */

/** One line: newlines become ` / `. */
export function visibleLine(text: string): string {
  return visibleText(text)
    .replaceAll('\t', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' / ');
}

/** Several lines. C0, DEL, C1 and the bidirectional overrides are shown as `\x1b` or `\u202e`. */
export function visibleText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
      (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
    .replaceAll(
      /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16)}`,
    );
}
