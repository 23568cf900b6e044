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
  /** Costs only with a property of the construct. */
  optional: z.record(z.string(), PerMonth),
  sweep: z.strictObject({
    /** CloudWatch charges a metric for the hours in which it is published. */
    dollarsPerMetricMonth: amount,
    metrics: amount,
    sweepsPerDay: amount,
    /** Duration of the function: for every sweep, and for each target in addition (with parallel probes). */
    seconds: amount,
    secondsPerTarget: amount,
    readUnitsPerTarget: amount,
    kilobytesLogged: amount,
    /** Each certificate has one source check a day: a rollout that ends as already_rolled_out. */
    transitionsPerSourceCheck: amount,
    secondsPerSourceCheck: amount,
    source: z.url(),
  }),
  fleets: z.array(z.strictObject({ targets: amount, certificates: amount })),
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
    monthAtRest(prices),
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

const daysPerMonth = 30;

/** The fixed costs, then for each fleet the costs of its sweeps and the total. */
function monthAtRest(prices: Prices): string {
  const { perMonth, optional, sweep, fleets } = prices;
  const monthly = (costs: Prices['perMonth']): Rows =>
    Object.entries(costs).map(([name, { dollars, count }]) => [countOf(count, name), dollars * count]);
  const fixed: Rows = [
    ...monthly(perMonth),
    [
      `${sweep.metrics} metrics of the sweep, published in ${sweep.sweepsPerDay} hours per day`,
      (sweep.metrics * sweep.dollarsPerMetricMonth * sweep.sweepsPerDay) / 24,
    ],
  ];
  return [
    '| one month without deployments | USD |',
    '| --- | --- |',
    ...rowTexts(fixed),
    ...fleets.flatMap((fleet) => {
      const own = sweepsOf(fleet, prices);
      const size = `${fleet.targets.toLocaleString('en-US')} targets, ${fleet.certificates} certificates`;
      return [
        ...rowTexts([[`sweeps and daily source checks: ${size}`, own]]),
        totalText(`total: ${size}`, sumOf(fixed) + own),
      ];
    }),
    ...rowTexts(monthly(optional).map(([name, dollars]) => [`not included: ${name}`, dollars])),
  ].join('\n');
}

const countOf = (count: number, name: string) => (count === 1 ? name : `${count} ${name}`);

/** What the functions, tables and state machines of the sweep cost in a month. */
function sweepsOf(
  { targets, certificates }: { readonly targets: number; readonly certificates: number },
  { sweep }: Prices,
): number {
  const { prices, perDeployment } = readQuotas();
  const gigabytes = perDeployment.lambdaMegabytes / 1024;
  const sweeps = sweep.sweepsPerDay * daysPerMonth;
  const checks = certificates * daysPerMonth;
  const seconds =
    sweeps * (sweep.seconds + targets * sweep.secondsPerTarget) + checks * sweep.secondsPerSourceCheck;
  return (
    (seconds * gigabytes * prices.lambdaGigabyteSecondsPerMillion.dollars) / 1_000_000 +
    (sweeps * targets * sweep.readUnitsPerTarget * prices.readUnitsPerMillion.dollars) / 1_000_000 +
    (checks * sweep.transitionsPerSourceCheck * prices.transitionsPerThousand.dollars) / 1000 +
    (checks * prices.secretReadsPerTenThousand.dollars) / 10_000 +
    (sweeps * sweep.kilobytesLogged * prices.logsPerGigabyte.dollars) / (1024 * 1024)
  );
}

const sumOf = (rows: Rows) => rows.reduce((sum, [, dollars]) => sum + dollars, 0);
const rowTexts = (rows: Rows) => rows.map(([what, dollars]) => `| ${what} | ${dollars.toFixed(3)} |`);
const totalText = (what: string, dollars: number) => `| **${what}** | **${dollars.toFixed(2)}** |`;

function table(title: string, rows: Rows): string {
  return [`| ${title} | USD |`, '| --- | --- |', ...rowTexts(rows), totalText('total', sumOf(rows))].join(
    '\n',
  );
}

function sources({ perDeployment, perMonth, optional, sweep }: Prices): string[] {
  const own = [
    ...Object.values(perDeployment),
    ...Object.values(perMonth),
    ...Object.values(optional),
    sweep,
  ];
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
