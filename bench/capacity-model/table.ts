import { costOfThousand } from './cost.ts';
import { changed, type Quotas } from './quotas.ts';
import { type Simulation, simulate } from './simulate.ts';

interface Case {
  readonly title: string;
  readonly quotas: (published: Quotas) => Quotas;
}

const faster = (perSecond: number) => ({ sendCommands: { perSecond, burst: 2 * perSecond } });

/** Each case raises the limit that was the bottleneck of the previous one. */
export const cases: readonly Case[] = [
  { title: 'defaults: 8 at a time, 10 commands per second', quotas: (published) => published },
  { title: '150 at a time', quotas: (published) => changed(published, { slots: { deployments: 150 } }) },
  {
    title: '750 at a time, 50 commands per second',
    quotas: (published) => changed(published, { slots: { deployments: 750 }, rates: faster(50) }),
  },
  { title: '2,000 at a time, 200 commands per second', quotas: (published) => changed(published, wide) },
  {
    title: 'the same, in a region with 800 transitions per second',
    quotas: (published) =>
      changed(changed(published, wide), {
        rates: {
          transitions: { perSecond: 800, burst: 800 },
          taskSuccesses: { perSecond: 300, burst: 1500 },
        },
      }),
  },
  {
    title: '100 at a time, source ACM (5 exports per second)',
    quotas: (published) =>
      changed(published, {
        slots: { deployments: 100 },
        rates: { sourceReads: { title: 'ACM: ExportCertificate', perSecond: 5, burst: 5 } },
      }),
  },
];

const wide = {
  slots: { deployments: 2000 },
  rates: { ...faster(200), invocations: { perSecond: 1000, burst: 1000 } },
};

const fleets = [10_000, 100_000] as const;

/** The tables of docs/scale.md, as Markdown. */
export function renderScale(published: Quotas): string {
  const rows = cases.flatMap(({ title, quotas }) =>
    fleets.map((targets) => {
      const given = quotas(published);
      return [title, targets.toLocaleString('en'), ...resultCells(simulate(targets, given), given)];
    }),
  );
  const head = ['quotas', 'targets', 'time', 'bottleneck', 'used', 'transitions used', 'functions used'];
  const tables = [
    table(head, rows),
    table(['1,000 deployments', 'USD'], costRows(published)),
    table(['quota', 'per second', 'burst or maximum', 'source'], quotaRows(published)),
  ];
  return tables.join('\n\n');
}

function quotaRows({ rates, slots }: Quotas): string[][] {
  const rate = Object.values(rates).map(({ title, perSecond, burst, source }) => [
    title,
    perSecond.toLocaleString('en'),
    burst.toLocaleString('en'),
    source,
  ]);
  const slot = Object.values(slots).map(({ title, atOnce, source }) => [
    title,
    '',
    atOnce.toLocaleString('en'),
    source,
  ]);
  return [...rate, ...slot];
}

function resultCells({ seconds, limit, used }: Simulation, quotas: Quotas): string[] {
  const title = { ...quotas.rates, ...quotas.slots }[limit].title;
  const percentage = (name: keyof typeof used) => `${Math.round(used[name] * 100)}%`;
  return [duration(seconds), title, percentage(limit), percentage('transitions'), percentage('functions')];
}

function costRows(quotas: Quotas): string[][] {
  const costs = costOfThousand(quotas);
  const total = Object.values(costs).reduce((sum, dollars) => sum + dollars, 0);
  const rows = Object.entries(costs).map(([service, dollars]) => [service, dollars.toFixed(3)]);
  return [...rows, ['**total**', `**${total.toFixed(2)}**`]];
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
