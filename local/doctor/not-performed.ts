import { type Finding, failed } from '../../core/check.ts';
import { isCertferryError } from '../../core/errors.ts';

/**
 * The finding of a check that failed with an error. The error of an untrusted path states the fact, then the next step, in two
 * sentences (core/paths/trusted-path.ts).
 */
export function notPerformed(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const [, fact, step] = /^(.*? can change it)\. (.*)$/s.exec(message) ?? [];
  if (fact !== undefined && step !== undefined) return failed(fact, step);
  return failed(message, isCertferryError(error) ? 'Correct this, then check again.' : permissionStep);
}

const permissionStep = 'Run the check as root, or as the user that deploys.';
