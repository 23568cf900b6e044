import type { Terminal } from '../terminal/terminal.ts';
import { flow, table } from './text.ts';

/** What a list has of each of its entries. A name is written beside what says too little without its column's head. */
export interface Column<Entry> {
  readonly head: string;
  readonly cell: (entry: Entry) => string;
  readonly named?: true;
}

/** A list of entries: a table, each row after its entry's mark. */
export interface Listing<Entry> {
  readonly columns: readonly Column<Entry>[];
  readonly markOf: (entry: Entry) => string;
}

/**
 * A table where nobody watches, so that one line is one entry, or where the screen is wide enough; else what the cells
 * say, one after another, folded between them.
 */
export function listingLines<Entry>(
  entries: readonly Entry[],
  { columns, markOf }: Listing<Entry>,
  { colours, width, interactive }: Pick<Terminal, 'colours' | 'width' | 'interactive'>,
): string[] {
  const rows = entries.map((entry) => columns.map(({ cell }) => cell(entry)));
  const [head = '', ...lines] = table([columns.map((column) => column.head), ...rows]);
  const widest = Math.max(...[head, ...lines].map((line) => 2 + line.length));
  if (!interactive || widest <= width) {
    return [colours.dim(`  ${head}`), ...entries.map((entry, at) => `${markOf(entry)} ${lines[at]}`)];
  }
  return entries.flatMap((entry) => {
    const cells = columns.map(({ head: name, cell, named }) =>
      named === true ? `${colours.dim(name)} ${cell(entry)}` : cell(entry),
    );
    const [first = '', ...rest] = cells;
    return flow([`${markOf(entry)} ${first}`, ...rest], width);
  });
}
