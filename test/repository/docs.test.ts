import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { parseTargets } from '../../core/registry/targets-file.ts';
import { captured } from '../cli/capture.ts';

const root = join(import.meta.dirname, '..', '..');
const pages = [
  'README.md',
  ...globSync(['*.md', '{docs,examples,test}/**/*.md', 'bench/*.md'], { cwd: root })
    .filter((page) => page !== 'README.md')
    .sort(),
];
const read = (page: string) => readFileSync(join(root, page), 'utf8');

interface Block {
  readonly language: string;
  readonly text: string;
}

const fence = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

/** The code blocks of a page. */
function blocksOf(page: string): Block[] {
  return [...read(page).matchAll(fence)].map(([, , language = '', text = '']) => ({ language, text }));
}

/** A page without its code blocks. */
const prose = (page: string) => read(page).replaceAll(fence, '');

/** The anchors that GitHub gives to a page's headings. */
function anchorsOf(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What is wrong with the links of a page that lead to this repository. */
function brokenLinks(page: string): string[] {
  const links = [
    ...prose(page)
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(page, link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : relative(root, join(root, dirname(page), path));
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || anchorsOf(file).includes(anchor);
}

/** The pages that a page links to; a link to a folder leads to all that is in it. */
function linkedPages(page: string): string[] {
  const links = [...prose(page).matchAll(/\]\(([^)\s#]+)/g)].map(([, link = '']) => link);
  const paths = links.map((link) => relative(root, join(root, dirname(page), link)));
  return pages.filter((other) => paths.some((path) => other === path || other.startsWith(`${path}/`)));
}

interface CommandLine {
  readonly command: string;
  readonly options: string[];
}

/** Every `certferry COMMAND --option …` in the code of a page, what stands in several lines included. */
function commandLinesOf(page: string): CommandLine[] {
  const blocks = blocksOf(page).map(({ text }) => text.replaceAll(/\\\n|\n +(?=\[)/g, ' '));
  const spans = [...prose(page).matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll('\n', ' '));
  return [...blocks, ...spans]
    .flatMap((code) => [...code.matchAll(/(?<![\w./=-])certferry +([a-z]+)(?![\w:-])([^|#\n]*)/g)])
    .map(([, command = '', rest = '']) => ({ command, options: rest.match(/(?<![\w-])--[a-z-]+/g) ?? [] }));
}

/** The options that the command's own help lists; null when there is no such command. */
async function optionsOf(command: string): Promise<string[] | null> {
  const { out } = await captured(command, '--help');
  if (!out.startsWith(`Usage: certferry ${command}`)) return null;
  return ['--help', ...[...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option = '']) => option)];
}

const targetsFiles = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ text }) => /^targets:|^\{\s*"targets"/m.test(text))
    .map(({ text }, at) => ({ name: `${page}, ${at + 1}`, text })),
);

const requests = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ language, text }) => language === 'json' && /"action"/.test(text))
    .map(({ text }, at) => ({ name: `${page}, ${at + 1}`, text })),
);

describe('README and docs', () => {
  test.each(pages)('%s has links that lead to a file, and to a heading where they name one', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test('README and docs are reached from the README, directly or from a page that is', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) for (const other of linkedPages(page)) reached.add(other);

    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });

  test.each(targetsFiles)('README and docs have a targets file that can be read: $name', ({ name, text }) => {
    expect(parseTargets(text, name).targets.length).toBeGreaterThan(0);
  });

  test.each(requests)('README and docs have a request that can be started: $name', ({ text }) => {
    expect(DeploymentRequest.safeParse(JSON.parse(text))).toMatchObject({ success: true });
  });

  test('README and docs have command lines with commands and options that exist', async () => {
    const lines = pages.flatMap((page) => commandLinesOf(page).map((line) => ({ page, ...line })));
    const wrong: string[] = [];
    const known = new Map<string, string[] | null>([['help', []]]);
    for (const { page, command, options } of lines) {
      if (!known.has(command)) known.set(command, await optionsOf(command));
      const taken = known.get(command) ?? null;
      if (taken === null) wrong.push(`${page}: certferry ${command}`);
      else
        wrong.push(
          ...options
            .filter((option) => !taken.includes(option))
            .map((option) => `${page}: certferry ${command} ${option}`),
        );
    }

    expect(lines.length).toBeGreaterThan(20);
    expect(lines.some(({ options }) => options.length > 3)).toBe(true);
    expect(wrong).toEqual([]);
  });

  test('README and docs have the samples that are held here at all', () => {
    expect(targetsFiles.length).toBeGreaterThan(1);
    expect(requests.length).toBeGreaterThan(0);
  });
});
