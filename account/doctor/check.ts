import { type Check, type Finding, failed, performCheck } from '../../core/check.ts';
import { diagnose } from './causes.ts';

/** Runs a check. An error becomes a finding, so that one missing permission does not hide the other checks. */
export function check(name: string, run: () => Promise<Finding>): Promise<Check> {
  return performCheck(name, run, (error) => {
    const { found, next } = diagnose(error);
    return failed(found, next);
  });
}
