import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { costOfThousand } from './capacity-model/cost.ts';
import { readQuotas } from './capacity-model/quotas.ts';

const amount = z.number().check(z.gte(0));

/** The price of a request, and the requests per deployment. */
const PerRequest = z.strictObject({
  dollarsPerMillion: amount,
  perDeployment: amount,
  what: z.string(),
  source: z.url(),
});

/** A monthly price, independent of deployments. */
const PerMonth = z.strictObject({ dollars: amount, count: amount, source: z.url() });

const Prices = z.strictObject({
  checked: z.iso.date(),
  region: z.string(),
  perDeployment: z.record(z.string(), PerRequest),
  perMonth: z.record(z.string(), PerMonth),
  /** CloudWatch charges a metric of the sweep for the hours in which it is published. */
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

/** The published prices, or those of another file. */
export function readPrices(file = join(import.meta.dirname, 'prices.json')): Prices {
  return Prices.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Both tables as Markdown, with the date and the sources of the prices. */
export function renderCost(prices: Prices): string {
  const { checked, region } = prices;
  return [
    table('1,000 deployments', thousandDeployments(prices)),
    table('one month without deployments', monthAtRest(prices)),
    `Prices of ${region}, as of ${checked}: <${sources(prices).join('>, <')}>.`,
  ].join('\n\n');
}

type Rows = readonly (readonly [what: string, dollars: number])[];

/** The costs that `npm run bench:scale` calculates for a successful deployment, and those of other services. */
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
      `${metrics} metrics of the sweep (${targets} targets, ${certificates} certificates), published in ${hoursOfDay} hours per day`,
      (metrics * dollarsPerMetricMonth * hoursOfDay) / 24,
    ],
  ];
}

function table(title: string, rows: Rows): string {
  const total = rows.reduce((sum, [, dollars]) => sum + dollars, 0);
  return [
    `| ${title} | USD |`,
    '| --- | --- |',
    ...rows.map(([what, dollars]) => `| ${what} | ${dollars.toFixed(3)} |`),
    `| **total** | **${total.toFixed(2)}** |`,
  ].join('\n');
}

function sources({ perDeployment, perMonth, sweep }: Prices): string[] {
  const own = [...Object.values(perDeployment), ...Object.values(perMonth), sweep];
  const scales = Object.values(readQuotas().prices).flatMap((price) =>
    typeof price === 'string' ? [] : [price],
  );
  return [...new Set([...scales, ...own].map(({ source }) => source))].sort();
}

const [begin, end] = ['<!-- npm run bench:cost -- --write -->', '<!-- end -->'];

/** Replaces the tables between the two markers. Throws if the page has no markers. */
export function pageWithCost(page: string, tables: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error('docs/install.md has no markers for the tables');
  return `${page.slice(0, from)}${begin}\n\n${tables}\n\n${page.slice(to)}`;
}
