import type { Terminal } from '../terminal/terminal.ts';
import { flow, table } from './text.ts';

/** A column of a list. `named`: outside a table, the column's head is printed before the cell. */
export interface Column<Entry> {
  readonly head: string;
  readonly cell: (entry: Entry) => string;
  readonly named?: true;
}

/** The columns of a list, and the mark before each entry. */
export interface Listing<Entry> {
  readonly columns: readonly Column<Entry>[];
  readonly markOf: (entry: Entry) => string;
}

/**
 * A table with one line for each entry, if the output is not a terminal or the terminal is wide enough. Otherwise the
 * cells of each entry follow one another, and lines break only between cells.
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
