// The cost of 1,000 deployments, and of one month without deployments, from published prices.
// node bench/cost.ts [prices.json]: prints the tables; --write updates docs/install.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageWithCost, readPrices, renderCost } from './cost-tables.ts';

const page = join(import.meta.dirname, '../docs/install.md');

const [argument] = process.argv.slice(2);
if (argument === '--write') {
  writeFileSync(page, pageWithCost(readFileSync(page, 'utf8'), renderCost(readPrices())));
} else {
  process.stdout.write(`${renderCost(readPrices(argument))}\n`);
}
