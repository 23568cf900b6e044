/** The sentences of a text, by the Unicode rules for English. A sentence may also begin with a name such as `nginx`. */
export function sentencesOf(text: string): string[] {
  const protectedText = text.replaceAll(/\b(e\.g|i\.e|etc|vs)\./g, (word) => word.replaceAll('.', '\u2024'));
  return [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(protectedText)]
    .flatMap(({ segment }) => segment.split(/(?<=[\p{Letter}\p{Number})"]\.)\s+(?=\p{Lowercase_Letter})/u))
    .map((sentence) => sentence.replaceAll('\u2024', '.').trim())
    .filter((sentence) => sentence !== '');
}

/** How many words a sentence has; a number, a path and a code span are one each. */
export const wordCount = (sentence: string): number =>
  sentence.split(/\s+/).filter((word) => /[\p{Letter}\p{Number}]/u.test(word)).length;

export interface SentenceFigures {
  readonly sentences: number;
  readonly averageWords: number;
  readonly longestWords: number;
}

/** Figures over the sentences of several texts; those of one or two words (table cells, headings) do not count. */
export function sentenceFigures(texts: readonly string[]): SentenceFigures {
  const counts = texts
    .flatMap(sentencesOf)
    .map(wordCount)
    .filter((count) => count > 2);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    sentences: counts.length,
    averageWords: Math.round((total / counts.length) * 10) / 10,
    longestWords: Math.max(...counts),
  };
}
