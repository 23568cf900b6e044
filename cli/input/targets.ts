import { parseTargets } from '../../core/target/parse.ts';
import type { Target } from '../../core/target/target.ts';
import type { AtLeastOne } from '../report.ts';
import { UsageError } from '../usage-error.ts';
import { readText } from './files.ts';

/** Targets of a file. Throws UsageError when it cannot be read, InvalidTarget when it says something else. */
export function readTargets(path: string): Target[] {
  return parseTargets(readText(path, 'the targets file'), path).targets;
}

/**
 * The targets a deployment goes to: all of the certificate's, or those named. Throws UsageError, listing what there
 * is, for a target that does not exist, has another certificate or is not on this machine.
 */
export function selectTargets(
  targets: readonly Target[],
  certificate: string,
  ids: readonly string[],
): AtLeastOne<Target> {
  const ofCertificate = targets.filter((target) => target.certificate === certificate);
  for (const id of ids) {
    if (ofCertificate.some((target) => target.id === id)) continue;
    throw new UsageError(`${complaint(targets, certificate, id)} ${listing(targets)}`);
  }
  const chosen = ofCertificate.filter((target) => ids.length === 0 || ids.includes(target.id));
  const [first, ...others] = chosen;
  if (first === undefined) {
    throw new UsageError(`no target has the certificate ${certificate}. ${listing(targets)}`);
  }
  for (const target of chosen) requireLocal(target);
  return [first, ...others];
}

/** One target by its id. Throws UsageError, listing what there is. */
export function selectTarget(targets: readonly Target[], id: string): Target {
  const target = targets.find((one) => one.id === id);
  if (target === undefined) throw new UsageError(`there is no target ${id}. ${listing(targets)}`);
  requireLocal(target);
  return target;
}

function complaint(targets: readonly Target[], certificate: string, id: string): string {
  const other = targets.find((target) => target.id === id);
  return other === undefined
    ? `there is no target ${id}.`
    : `target ${id} has the certificate ${other.certificate}, not ${certificate}.`;
}

function listing(targets: readonly Target[]): string {
  return `The targets file has: ${targets.map(({ id, certificate }) => `${id} (${certificate})`).join(', ')}.`;
}

function requireLocal(target: Target): void {
  if (target.host === 'local') return;
  throw new UsageError(
    `target ${target.id} is on host ${target.host}: --local deploys to this machine only (host: local). ` +
      'Leave it out with --target, or deploy it from the account: docs/deploying.md.',
  );
}
