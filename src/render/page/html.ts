/** HTML as a value: everything that is put into a template is escaped, unless it is HTML already. */
declare const isHtml: unique symbol;
export type Html = string & { readonly [isHtml]: true };

type Part = Html | readonly Html[] | string | number;

/** `` html`<b>${name}</b>` ``. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const pieces = texts.flatMap((text, i) => [text, i < parts.length ? piece(parts[i] ?? '') : '']);
  return new Escaped(pieces.join('')) as unknown as Html;
}

/** Text that is HTML already: only for what is written in these files. */
export function raw(text: string): Html {
  return new Escaped(text) as unknown as Html;
}

class Escaped extends String {}

function piece(part: Part): string {
  if (Array.isArray(part)) return part.map((one: Html) => piece(one)).join('');
  if (part instanceof Escaped) return part.toString();
  return String(part).replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
