/**
 * Collects what a person reads: the pages, and from the code the comments, the messages (string literals with at least
 * three words) and the `Comment` fields of the state machines. Each text carries its file and line.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked, type Token, type Tokens } from 'marked';
import ts from 'typescript';

/** Files whose strings are not sentences. */
const notProse = ['cli/page/style.ts'];

export type TextKind = 'page' | 'comment' | 'message' | 'state comment';

export interface ReadText {
  readonly kind: TextKind;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

const codeRooms = [
  'core',
  'services',
  'discovery',
  'agent-scripts',
  'lambdas',
  'cdk',
  'local',
  'account',
  'cli',
  'examples',
];

/** All texts of the checkout at `root`. */
export function textsOf(root: string): ReadText[] {
  const files = (pattern: string | string[]) => globSync(pattern, { cwd: root }).sort();
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  return [
    ...files(['*.md', 'docs/**/*.md', 'test/**/*.md', 'examples/**/*.md', '.github/**/*.md'])
      .filter((file) => !file.includes('node_modules'))
      .flatMap((file) => pageTexts(file, read(file))),
    ...files(codeRooms.map((room) => `${room}/**/*.ts`))
      .filter((file) => !notProse.includes(file))
      .flatMap((file) => codeTexts(file, read(file))),
    ...files('cdk/state-machines/*.json').flatMap((file) => stateComments(file, read(file))),
    ...files('agent-scripts/*.sh').flatMap((file) => shellComments(file, read(file))),
  ];
}

/** The prose of a page: each paragraph, heading, list item and table cell, without code blocks. */
export function pageTexts(file: string, page: string): ReadText[] {
  let from = 0;
  return proseOf(marked.lexer(page)).map(({ raw, text }) => {
    const [firstLine = ''] = raw.split('\n');
    const at = page.indexOf(firstLine, from);
    if (at !== -1) from = at;
    const line = page.slice(0, from).split('\n').length;
    return { kind: 'page', file, line, text };
  });
}

interface Prose {
  /** As it stands in the page. */
  readonly raw: string;
  readonly text: string;
}

function proseOf(tokens: readonly Token[]): Prose[] {
  return tokens.flatMap((token): Prose[] => {
    if (token.type === 'table') {
      const { header, rows } = token as Tokens.Table;
      return [header, ...rows].flat().map((cell) => proseIn(cell.text, cell.tokens));
    }
    if (token.type === 'list') return proseOf((token as Tokens.List).items);
    const { text, tokens: inner = [] } = token as Tokens.Generic;
    if (token.type === 'list_item' || token.type === 'blockquote') return proseOf(inner);
    const isProse = ['paragraph', 'heading', 'text'].includes(token.type);
    return isProse ? [proseIn(String(text), inner)] : [];
  });
}

const proseIn = (raw: string, tokens: readonly Token[]): Prose => ({
  raw,
  text: tokens.map(inlineText).join('').replaceAll(/\s+/g, ' '),
});

/** A code span counts as one word, which no phrase matches. */
function inlineText(token: Token): string {
  if (token.type === 'codespan') return 'CODE';
  if (token.type === 'html' || token.type === 'image') return ' ';
  const { raw, text, tokens } = token as Tokens.Generic;
  if (tokens !== undefined) return tokens.map(inlineText).join('');
  return token.type === 'escape' ? String(text) : raw;
}

function codeTexts(file: string, source: string): ReadText[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1;
  const texts: ReadText[] = [];
  const comments = new Map<number, string>();
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []) {
      comments.set(pos, source.slice(pos, end));
    }
    const text = literalOf(node);
    if (text !== null && text.trim().split(/\s+/).length >= 3) {
      texts.push({ kind: 'message', file, line: lineOf(node.getStart()), text });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  for (const [pos, comment] of comments) {
    for (const text of blocksOf(comment)) texts.push({ kind: 'comment', file, line: lineOf(pos), text });
  }
  return texts;
}

function literalOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node)) return ts.isImportDeclaration(node.parent) ? null : node.text;
  if (ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map(({ literal }) => `VALUE${literal.text}`).join('');
}

/** The paragraphs, list items, table cells and tags of a comment. */
const blocksOf = (comment: string): string[] =>
  comment
    .replaceAll(/^\s*(\/\*\*?|\*\/|\*|\/\/)|\*\/$/gm, '')
    .replaceAll(/`[^`]*`/g, 'CODE')
    .split(/\n\s*\n|\n\s*(?=[-@])|\|/)
    .map((block) => block.replaceAll(/\s+/g, ' ').trim())
    .filter((block) => block !== '');

function stateComments(file: string, source: string): ReadText[] {
  return source
    .split('\n')
    .flatMap((line, at) =>
      [...line.matchAll(/"Comment": "(.*)",?$/g)].map(
        ([, text = '']): ReadText => ({ kind: 'state comment', file, line: at + 1, text }),
      ),
    );
}

function shellComments(file: string, source: string): ReadText[] {
  return source
    .split('\n')
    .flatMap((line, at): ReadText[] =>
      /^\s*# /.test(line) ? [{ kind: 'comment', file, line: at + 1, text: line.replace(/^\s*# /, '') }] : [],
    );
}
