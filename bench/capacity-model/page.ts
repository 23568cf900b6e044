import { join } from 'node:path';

export const scalePage = join(import.meta.dirname, '../../docs/scale.md');

const [begin, end] = ['<!-- npm run bench:scale -- --write -->', '<!-- end -->'];

/** Replaces the tables between the two markers. Throws if the page has no markers. */
export function pageWithScale(page: string, tables: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${scalePage} has no markers for the tables`);
  return `${page.slice(0, from)}${begin}\n\n${tables}\n\n${page.slice(to)}`;
}
