// The duration, the bottleneck and the cost of very large rollouts, simulated from published quotas.
// node bench/capacity.ts [quotas.json]: prints the tables; --write updates docs/scale.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { pageWithScale, scalePage } from './capacity-model/page.ts';
import { readQuotas } from './capacity-model/quotas.ts';
import { renderScale } from './capacity-model/table.ts';

const [argument] = process.argv.slice(2);
if (argument === '--write') {
  writeFileSync(scalePage, pageWithScale(readFileSync(scalePage, 'utf8'), renderScale(readQuotas())));
} else {
  process.stdout.write(`${renderScale(readQuotas(argument))}\n`);
}
