/** One thing that was looked at. `next`: what a person does about it; null when it is as it should be. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly next: string | null;
}

/** What a look has found: null `next` when all is well. */
export interface Finding {
  readonly found: string;
  readonly next: string | null;
}

export const well = (found: string): Finding => ({ found, next: null });
export const amiss = (found: string, next: string): Finding => ({ found, next });

/** Looks, and makes a finding of a look that failed: one thing that may not be asked about hides no other. */
export async function check(name: string, look: () => Promise<Finding>): Promise<Check> {
  const { found, next } = await look().catch(unasked);
  return { name, ok: next === null, found, next };
}

function unasked(error: unknown): Finding {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return amiss(`could not be looked at: ${name}: ${message}`, 'Look with credentials that may read it.');
}

/** `web-1, web-2 and 7 more`. */
export function listed(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
