/** `nothing`: the set to check is empty, so the check has neither passed nor failed. */
export type CheckStatus = 'passed' | 'failed' | 'nothing';

/**
 * The result of one check. `ok` is false only if it failed. `next` is the next step for the operator; null if the check
 * passed.
 */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly ok: boolean;
  readonly found: string;
  readonly next: string | null;
}

/** The observed fact, and the next step. */
export type Finding = Pick<Check, 'status' | 'found' | 'next'>;

export const passed = (found: string): Finding => ({ status: 'passed', found, next: null });
export const failed = (found: string, next: string): Finding => ({ status: 'failed', found, next });
export const nothing = (found: string, next: string): Finding => ({ status: 'nothing', found, next });

/** Runs a check. An error becomes a finding, so that the other checks still run. */
export async function performCheck(
  name: string,
  run: () => Finding | Promise<Finding>,
  notPerformed: (error: unknown) => Finding,
): Promise<Check> {
  let finding: Finding;
  try {
    finding = await run();
  } catch (error) {
    finding = notPerformed(error);
  }
  return { name, ok: finding.status !== 'failed', ...finding };
}

/** `web-1, web-2 and 7 more`. */
export function listed(names: readonly string[], maximum = 5): string {
  const more = names.length - maximum;
  return more > 0 ? `${names.slice(0, maximum).join(', ')} and ${more} more` : names.join(', ');
}
