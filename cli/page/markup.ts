import { htmlText } from '../../core/html-text.ts';

const secret = Symbol('created by html');

/** Escaped markup. Only {@link html} creates it, so that unescaped text cannot be used as markup. */
export class Markup {
  readonly text: string;

  constructor(key: typeof secret, text: string) {
    if (key !== secret) throw new Error('only html() creates Markup');
    this.text = text;
  }
}

/** A value in a template. Text and numbers are escaped; markup is not. */
export type Part = string | number | Markup | readonly Markup[];

/**
 * A template of markup. Values are escaped for elements and quoted attributes. Do not use it for the content of style or
 * script elements: browsers do not decode escapes there.
 */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const pieces = template.map((piece, at) => piece + partText(parts[at] ?? ''));
  return new Markup(secret, pieces.join(''));
}

/** A style element. The sheet is a constant of certferry and is not escaped. */
export function styleOf(sheet: string): Markup {
  return new Markup(secret, `<style>${sheet}</style>`);
}

function partText(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return escaped(String(part));
}

/** Control characters and unpaired surrogates are not allowed in HTML; U+FFFD replaces them. */
function escaped(text: string): string {
  const shown = text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\t\n]|\p{Noncharacter_Code_Point}/gu, '\ufffd');
  return htmlText(shown);
}
