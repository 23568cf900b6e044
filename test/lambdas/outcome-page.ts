// The table of docs/outcomes.md, written from the rows and from what recording returns for them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '../../cli/terminal/exit-codes.ts';
import { outcomeRows } from './outcome-rows.ts';

export const outcomePage = join(import.meta.dirname, '../../docs/outcomes.md');

const [begin, end] = ['<!-- node scripts/write-outcomes.ts -->', '<!-- end -->'];

/** The page with a current table. Throws if a mark is missing. */
export async function pageWithOutcomes(): Promise<string> {
  const page = readFileSync(outcomePage, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from)
    throw new Error(`${outcomePage} has no marks for the table. Add the lines ${begin} and ${end}.`);
  return `${page.slice(0, from)}${begin}\n\n${await table()}\n\n${page.slice(to)}`;
}

async function table(): Promise<string> {
  const rows = await Promise.all(
    outcomeRows.map(async ({ situation, onDisk, served, outcome, reason, end: ending }) => {
      const { summary } = await ending();
      const code = reason === null ? '–' : `\`${reason}\``;
      return `| ${situation} | ${onDisk} | ${served} | \`${outcome}\` | ${exitCodes[outcome]} | ${code} | \`${summary}\` |`;
    }),
  );
  return [
    '| situation | on disk | served | outcome | exit code | reason | message |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
