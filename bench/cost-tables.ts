import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { costOfThousand } from './scale/cost.ts';
import { readQuotas } from './scale/quotas.ts';

const amount = z.number().check(z.gte(0));

/** What is charged for a request, and how many a deployment makes. */
const PerRequest = z.strictObject({
  dollarsPerMillion: amount,
  perDeployment: amount,
  what: z.string(),
  source: z.url(),
});

/** What is charged for a month of something, whether or not anything is deployed. */
const PerMonth = z.strictObject({ dollars: amount, count: amount, source: z.url() });

const Prices = z.strictObject({
  checked: z.iso.date(),
  region: z.string(),
  perDeployment: z.record(z.string(), PerRequest),
  perMonth: z.record(z.string(), PerMonth),
  /** Metrics of the sweep: one is charged for the hours in which it is sent. */
  sweep: z.strictObject({
    dollarsPerMetricMonth: amount,
    hoursOfDay: amount,
    metricsOfEach: amount,
    targets: amount,
    certificates: amount,
    source: z.url(),
  }),
});
type Prices = z.infer<typeof Prices>;

/** The published ones, or those of another file. */
export function readPrices(file = join(import.meta.dirname, 'prices.json')): Prices {
  return Prices.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Both tables as Markdown, and from when and where the prices are. */
export function renderCost(prices: Prices): string {
  const { checked, region } = prices;
  return [
    table('a thousand deployments', thousandDeployments(prices)),
    table('a month without any', monthAtRest(prices)),
    `Prices of ${region}, as of ${checked}: <${sources(prices).join('>, <')}>.`,
  ].join('\n\n');
}

type Rows = readonly (readonly [what: string, dollars: number])[];

/** What `npm run bench:scale` knows of a deployment that goes well, and what else it uses. */
function thousandDeployments({ perDeployment }: Prices): Rows {
  const more = Object.entries(perDeployment).map(
    ([name, { what, perDeployment: count, dollarsPerMillion }]) =>
      [`${name}: ${what}`, (count * 1000 * dollarsPerMillion) / 1_000_000] as const,
  );
  return [...Object.entries(costOfThousand(readQuotas())), ...more];
}

function monthAtRest({ perMonth, sweep }: Prices): Rows {
  const { dollarsPerMetricMonth, hoursOfDay, metricsOfEach, targets, certificates } = sweep;
  const metrics = metricsOfEach * (1 + certificates + targets);
  return [
    ...Object.entries(perMonth).map(([name, { dollars, count }]) => [name, dollars * count] as const),
    [
      `the sweep's ${metrics} metrics (${targets} targets, ${certificates} certificates), sent in ${hoursOfDay} hours of a day`,
      (metrics * dollarsPerMetricMonth * hoursOfDay) / 24,
    ],
  ];
}

function table(title: string, rows: Rows): string {
  const together = rows.reduce((sum, [, dollars]) => sum + dollars, 0);
  return [
    `| ${title} | USD |`,
    '| --- | --- |',
    ...rows.map(([what, dollars]) => `| ${what} | ${dollars.toFixed(3)} |`),
    `| **together** | **${together.toFixed(2)}** |`,
  ].join('\n');
}

function sources({ perDeployment, perMonth, sweep }: Prices): string[] {
  const ours = [...Object.values(perDeployment), ...Object.values(perMonth), sweep];
  const scales = Object.values(readQuotas().prices).flatMap((price) =>
    typeof price === 'string' ? [] : [price],
  );
  return [...new Set([...scales, ...ours].map(({ source }) => source))].sort();
}

const [begin, end] = ['<!-- npm run bench:cost -- --write -->', '<!-- end -->'];

/** The page with other tables between its marks. Throws when it has none. */
export function pageWithCost(page: string, tables: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error('docs/install.md has no place for the tables');
  return `${page.slice(0, from)}${begin}\n\n${tables}\n\n${page.slice(to)}`;
}
