import type { ReportedCondition } from './sweep-report.ts';

/** The most severe first. */
const severity: readonly string[] = [
  'expired',
  'unreachable',
  'drift',
  'chain_incomplete',
  'outdated',
  'expiring',
  'unresolved',
  'never_deployed',
  'not_probed',
  'ok',
] satisfies ReportedCondition[];

/** Compares targets for sorting: the most severe condition first. A condition of a newer version comes first of all. */
export function bySeverity(one: { condition: string }, other: { condition: string }): number {
  return rank(one.condition) - rank(other.condition);
}

const rank = (condition: string) => severity.indexOf(condition);

/** `not_probed`: no problem is known. */
const withoutProblem: ReadonlySet<string> = new Set(['ok', 'not_probed'] satisfies ReportedCondition[]);

/** Whether someone must act on a target with this condition. */
export const isProblem = (condition: string): boolean => !withoutProblem.has(condition);
