import { cutText, jsonBytes } from './cut-text.ts';

/** Limits of a list in a sentence: the number of names, and the bytes of all. */
interface ListLimits {
  readonly names: number;
  readonly bytes: number;
}

/** `a, b and 37 more`: as many names as fit, at least the first one, and the number of the others. */
export function listNames(names: readonly string[], { names: maximum, bytes }: ListLimits): string {
  const shown = fitting(names.slice(0, maximum), bytes, 2);
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Limits of a list of texts: bytes of one, and of all. */
interface TextsLimits {
  readonly each: number;
  readonly all: number;
}

/**
 * As many texts as fit, each cut to its maximum. If some are left out, the last text gives their number, e.g. `and 3 more
 * warnings`. `noun` is in the plural.
 */
export function keepTexts(texts: readonly string[], noun: string, { each, all }: TextsLimits): string[] {
  const cut = texts.map((text) => cutText(text, each, 'ends'));
  const whole = fitting(cut, all, jsonSeparatorBytes);
  if (whole.length === texts.length) return whole;
  const shown = fitting(cut, all - noteReserveBytes, jsonSeparatorBytes);
  return [...shown, `and ${texts.length - shown.length} more ${noun}`];
}

/** Quotation marks and comma. */
const jsonSeparatorBytes = 3;
/** For the note that gives the number of texts left out. */
const noteReserveBytes = 60;

function fitting(texts: readonly string[], bytes: number, separatorBytes: number): string[] {
  const shown: string[] = [];
  let used = 0;
  for (const text of texts) {
    const one = shown.length === 0 ? cutText(text, bytes) : text;
    used += jsonBytes(one) + separatorBytes;
    if (shown.length > 0 && used > bytes) break;
    shown.push(one);
  }
  return shown;
}
