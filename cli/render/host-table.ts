import type { HostRow } from '../../account/doctor/hosts/check-hosts.ts';
import type { HostFacts } from '../../account/doctor/hosts/host-facts.ts';

const mib = (kib: number | null) => (kib === null ? '?' : `${Math.floor(kib / 1024)} MiB`);
const words = (...parts: readonly string[]) => parts.filter((part) => part !== '').join(' ') || '-';

/** The columns of the table, and what each shows. */
const columns: Readonly<Record<string, (facts: HostFacts) => string>> = {
  system: ({ system }) => words(system),
  architecture: ({ architecture }) => words(architecture),
  'C library': ({ libc }) =>
    libc === null ? '?' : words(libc.name, libc.version.join('.').replace(/^0.0$/, '')),
  free: ({ freeKib }) => mib(freeKib),
  memory: ({ memoryKib }) => mib(memoryKib),
  FIPS: ({ fips }) => (fips ? 'yes' : 'no'),
  proxies: ({ proxies }) => words(...proxies),
  credentials: ({ credentials }) => words(credentials.kind),
};

/** A table with one line for each host, and its problems in the last column. Empty without hosts. */
export function hostTable(rows: readonly HostRow[]): string[] {
  if (rows.length === 0) return [];
  const cells = [
    ['host', ...Object.keys(columns), 'problems'],
    ...rows.map(({ host, facts, reason, problems }) => [
      host,
      ...Object.values(columns).map((show) => (facts === null ? '' : show(facts))),
      reason === null ? problems.join(', ') || 'none' : `not checked: ${reason}`,
    ]),
  ];
  const widths = cells[0]?.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0))) ?? [];
  return [
    ...cells.map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
  ];
}
