import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../cli/program.ts';
import { processTerminal } from '../../cli/terminal/terminal.ts';
import { draw } from './language/draw.ts';
import { bannedPhrases } from './language/phrases.ts';
import { sentenceFigures, sentencesOf, wordCount } from './language/sentences.ts';
import { pageTexts, type ReadText, type TextKind, textsOf } from './language/texts.ts';

const texts = textsOf(join(import.meta.dirname, '../..'));
const kinds: readonly TextKind[] = ['page', 'message', 'state comment', 'comment'];
const of = (kind: TextKind) => texts.filter((text) => text.kind === kind);

/** CONTRIBUTING.md, rule 5. A docstring may need a few words more for a fact with its unit and source. */
const maximumWords: Readonly<Record<TextKind, number>> = {
  page: 25,
  message: 25,
  'state comment': 25,
  comment: 30,
};
const maximumAverageWords = 15;

const where = ({ file, line }: ReadText) => `${file}:${line}`;

const hitsOf = (phrase: RegExp, among: readonly ReadText[]) =>
  among.flatMap((text) => {
    const found = phrase.exec(text.text);
    return found === null ? [] : [`${where(text)}: "${found[0].trim()}" in "${text.text.slice(0, 120)}"`];
  });

const longSentencesOf = (among: readonly ReadText[]) =>
  among.flatMap((text) =>
    sentencesOf(text.text)
      .filter((sentence) => wordCount(sentence) > maximumWords[text.kind])
      .map((sentence) => `${where(text)}: ${wordCount(sentence)} words: ${sentence.slice(0, 120)}`),
  );

describe('What a person reads', () => {
  test.each(Object.entries(bannedPhrases))('No text contains a phrase of the kind "%s"', (_, phrase) => {
    expect(hitsOf(phrase, texts)).toEqual([]);
  });

  test.each(kinds)('No sentence of a %s is longer than CONTRIBUTING.md allows', (kind) => {
    expect(of(kind).length).toBeGreaterThan(50);
    expect(longSentencesOf(of(kind))).toEqual([]);
  });

  test('The sentences of the pages have at most 15 words on average', () => {
    const figures = sentenceFigures(of('page').map(({ text }) => text));
    process.stdout.write(`Sentences of the pages: ${JSON.stringify(figures)}\n`);

    expect(figures.averageWords).toBeLessThanOrEqual(maximumAverageWords);
  });

  test('The same thirty sentences are drawn for a review each time', () => {
    const read = [...of('page'), ...of('message'), ...of('state comment')];
    const sentences = read.flatMap((text) =>
      sentencesOf(text.text)
        .filter((sentence) => wordCount(sentence) > 4)
        .map((sentence) => `${where(text)}: ${sentence}`),
    );
    const drawn = draw(sentences, 30, 8);
    process.stdout.write(`${drawn.join('\n')}\n`);

    expect(drawn).toEqual(draw(sentences, 30, 8));
    expect(new Set(drawn).size).toBe(30);
  });
});

/** Words that begin neither an imperative nor a noun phrase. */
const noBeginning =
  /^(also|and|are|as|at|be|but|by|can|do|does|for|from|how|if|in|is|it|let|of|on|or|that|to|unless|what|when|where|which|who|whose|with|without)\b/i;

/** What is wrong with a one-line description; an option may begin with the option it belongs to (`with --local: …`). */
function problemOf(description: string): string | null {
  const text = description.replace(/^with --[a-z-]+( or --[a-z-]+)?: /, '');
  if (text === '' || text.includes('\n')) return 'no one-line description';
  if (noBeginning.test(text)) return 'begins neither with an imperative nor with a noun phrase';
  return text.endsWith('.') ? 'ends with a full stop' : null;
}

function describedParts(command: Command): (readonly [name: string, description: string])[] {
  return [
    [command.name(), command.summary()],
    ...command.options
      .filter(({ hidden }) => !hidden)
      .map(({ flags, description }) => [`${command.name()} ${flags}`, description] as const),
    ...command.registeredArguments.map(
      (one) => [`${command.name()} <${one.name()}>`, one.description] as const,
    ),
  ];
}

describe('The help', () => {
  const { commands } = createProgram(processTerminal(), () => undefined);
  const parts = commands.flatMap(describedParts);

  test('Every command, option and argument has a description of one line that begins with an imperative or a noun', () => {
    const wrong = parts.flatMap(([name, description]) => {
      const problem = problemOf(description);
      return problem === null ? [] : [`${name}: ${problem}: "${description}"`];
    });

    expect(parts.length).toBeGreaterThan(80);
    expect(wrong).toEqual([]);
  });

  test.each(['', 'what it does', 'with --local: where it is', 'list rollouts.', 'two\nlines'])(
    'The description %j is reported',
    (description) => {
      expect(problemOf(description)).not.toBeNull();
    },
  );
});

describe('The check of the language', () => {
  const page =
    'A title\n=======\n\nIt is `told`.\n\n- Nobody *knows*, it is told\n  anew.\n\n| a | goes on |\n| - | - |\n';

  test('A planted phrase is reported with its file and line, across the lines of a block', () => {
    const planted = pageTexts('page.md', page);

    expect(Object.values(bannedPhrases).flatMap((phrase) => hitsOf(phrase, planted))).toEqual([
      expect.stringMatching(/^page\.md:6: "Nobody" in /),
      expect.stringMatching(/^page\.md:6: "is told" in /),
      expect.stringMatching(/^page\.md:6: "anew" in /),
      expect.stringMatching(/^page\.md:9: "goes on" in /),
    ]);
  });

  test('A planted sentence of 26 words is reported, and one of 25 is not', () => {
    const words = (count: number) => `${Array.from({ length: count }, () => 'Word').join(' ')}.`;
    const planted = pageTexts('page.md', `${words(25)} ${words(26)}\n`);

    expect(longSentencesOf(planted)).toEqual([expect.stringMatching(/^page\.md:1: 26 words/)]);
  });

  test('Every room has comments and messages that are read', () => {
    const rooms = new Set([...of('comment'), ...of('message')].map(({ file }) => file.split('/')[0]));

    expect([...rooms].sort()).toEqual(
      [
        'account',
        'agent-scripts',
        'cdk',
        'cli',
        'core',
        'discovery',
        'examples',
        'lambdas',
        'local',
        'services',
      ].sort(),
    );
  });
});
