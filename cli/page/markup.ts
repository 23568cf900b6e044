import { htmlText } from '../../core/html-text.ts';

const secret = Symbol('made by html');

/** A piece of a page that is markup already. Only {@link html} makes one: no text that came from elsewhere can pass for it. */
export class Markup {
  readonly text: string;

  constructor(key: typeof secret, text: string) {
    if (key !== secret) throw new Error('markup is made by html');
    this.text = text;
  }
}

/** What may stand in a template: text and numbers, which are escaped, and markup, which is not. */
export type Part = string | number | Markup | readonly Markup[];

/**
 * A template of markup. Whatever is put into it is text, in an element or in a quoted attribute, and stays text. It is
 * not for what stands in a style or a script, whose contents are not escaped so.
 */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const pieces = template.map((piece, at) => piece + partText(parts[at] ?? ''));
  return new Markup(secret, pieces.join(''));
}

/** A style sheet of ours, as it is: browsers read no escapes in it. */
export function styleOf(sheet: string): Markup {
  return new Markup(secret, `<style>${sheet}</style>`);
}

function partText(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return escaped(String(part));
}

/** Control characters and halves of pairs are not text that a page can have: they are shown as what cannot be shown. */
function escaped(text: string): string {
  const shown = text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\t\n]|\p{Noncharacter_Code_Point}/gu, '\ufffd');
  return htmlText(shown);
}
