// The page with the coverage of both machines, written from their files and from the recorded scenarios.
import { join } from 'node:path';
import { type Branch, branchesOf, type MachineName } from './branches.ts';
import { errorTable } from './error-coverage.ts';
import { readTaken } from './taken.ts';

export const coveragePage = join(import.meta.dirname, 'coverage.md');

const [begin, end] = ['<!-- node scripts/record-scenarios.ts -->', '<!-- end -->'];

/** Replaces the tables between the page's marks. Throws if a mark is missing. */
export function pageWithCoverage(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from)
    throw new Error(`${coveragePage} has no marks for the tables. Add the lines ${begin} and ${end}.`);
  return `${page.slice(0, from)}${begin}\n\n${tables()}\n\n${page.slice(to)}`;
}

function tables(): string {
  const machines: readonly MachineName[] = ['deploy-target', 'rollout'];
  return machines
    .map(
      (machine) =>
        `## ${machine}\n\n${total(machine)}\n\n${table(machine)}\n\n### Errors of ${machine}\n\n${errorTable(machine)}`,
    )
    .join('\n\n');
}

function total(machine: MachineName): string {
  const branches = branchesOf(machine);
  const count = (kind: string) => branches.filter(({ part }) => part.startsWith(kind)).length;
  const states = branches.filter(({ part }) => part === '').length;
  const scenarios = Object.keys(readTaken()[machine]);
  const walks = scenarios.filter(isWalk).length;
  return `${states} states, ${count('retry')} entries of Retry and ${count('catch')} of Catch; ${scenarios.length - walks} scenarios with the real functions and ${walks} walks with stand-ins.`;
}

function table(machine: MachineName): string {
  const taken = Object.entries(readTaken()[machine]);
  const rows = branchesOf(machine).map(({ key, state, part }: Branch) => {
    const scenarios = taken.filter(([, keys]) => keys.includes(key)).map(([scenario]) => scenario);
    return `| ${part === '' ? `**${state}**` : part} | ${scenarioText(scenarios)} |`;
  });
  return ['| state, or entry of its Retry or Catch | taken when |', '| --- | --- |', ...rows].join('\n');
}

const maximumShown = 3;

/** Scenarios with the real functions come first because they show more than walks. */
function scenarioText(scenarios: readonly string[]): string {
  const real = scenarios.filter((name) => !isWalk(name));
  const all = [...real, ...scenarios.filter(isWalk)];
  const more = all.length > maximumShown ? `; and ${all.length - maximumShown} more` : '';
  return all.slice(0, maximumShown).join('; ') + more;
}

const isWalk = (scenario: string) => scenario.endsWith('(stand-ins)');
