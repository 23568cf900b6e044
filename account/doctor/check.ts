/** The result of one check. `next` is the next step for the operator; null if the check passed. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly next: string | null;
}

/** The observed fact, and the next step; a null `next` means that the check passed. */
export interface Finding {
  readonly found: string;
  readonly next: string | null;
}

export const passed = (found: string): Finding => ({ found, next: null });
export const failed = (found: string, next: string): Finding => ({ found, next });

/** Runs a check. An error becomes a finding, so that one missing permission does not hide the other checks. */
export async function check(name: string, run: () => Promise<Finding>): Promise<Check> {
  const { found, next } = await run().catch(notPerformed);
  return { name, ok: next === null, found, next };
}

function notPerformed(error: unknown): Finding {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return failed(`check failed: ${name}: ${message}`, 'Run it with credentials that may read this.');
}

/** `web-1, web-2 and 7 more`. */
export function listed(names: readonly string[], maximum = 5): string {
  const more = names.length - maximum;
  return more > 0 ? `${names.slice(0, maximum).join(', ')} and ${more} more` : names.join(', ');
}
