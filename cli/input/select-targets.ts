import { parseTargets, type TargetsFile } from '../../core/registry/targets-file.ts';
import { describeHostSelector } from '../../core/targets/describe-host-selector.ts';
import { memberOf, type RegisteredTarget } from '../../core/targets/registered.ts';
import type { Target } from '../../core/targets/target.ts';
import type { AtLeastOne } from '../report/deployment-report.ts';
import { UsageError } from '../terminal/errors.ts';
import { readText } from './read-files.ts';

/** Throws UsageError if the file cannot be read, and InvalidTarget if its content is wrong. */
export function readTargetsFile(path: string): TargetsFile {
  return parseTargets(readText(path, 'the targets file'), path);
}

/**
 * The targets of a certificate: all of them, or those with these ids. Throws UsageError if there are none, or if an id does not
 * exist or has another certificate; the message lists the targets of the file.
 */
export function selectTargets(
  targets: readonly RegisteredTarget[],
  certificate: string,
  ids: readonly string[],
): AtLeastOne<RegisteredTarget> {
  const ofCertificate = targets.filter((target) => target.certificate === certificate);
  for (const id of ids) {
    if (ofCertificate.some((target) => target.id === id)) continue;
    throw new UsageError(`${mismatchOf(targets, certificate, id)} ${listing(targets)}`);
  }
  const [first, ...others] = ofCertificate.filter((target) => ids.length === 0 || ids.includes(target.id));
  if (first === undefined) {
    throw new UsageError(`no target has the certificate ${certificate}. ${listing(targets)}`);
  }
  return [first, ...others];
}

/** Throws UsageError that lists the targets of the file, if there is none with this id. */
export function selectTarget(targets: readonly RegisteredTarget[], id: string): RegisteredTarget {
  const target = targets.find((one) => one.id === id);
  if (target === undefined) throw new UsageError(`there is no target ${id}. ${listing(targets)}`);
  return target;
}

/** Replaces `{host}` in the endpoint by the loopback address. Throws UsageError for a target on another host. */
export function onThisMachine(target: RegisteredTarget): Target {
  const { host } = target;
  const member =
    typeof host === 'string' && isOnThisMachine(target) ? memberOf(target, { host, address }) : null;
  if (member !== null) return member;
  throw new UsageError(
    `target ${target.id} is on ${describeHostSelector(host)}, but --local deploys to this machine only (host: local). ` +
      'Exclude it with --target, or use --stack: docs/deploying.md.',
  );
}

/** Whether local mode can deploy to the target. The function of `host: lambda` runs in this process. */
export function isOnThisMachine({ host }: Pick<RegisteredTarget, 'host'>): boolean {
  return typeof host === 'string' && /^(local(-|$)|lambda$)/.test(host);
}

const address = '127.0.0.1';

function mismatchOf(targets: readonly RegisteredTarget[], certificate: string, id: string): string {
  const other = targets.find((target) => target.id === id);
  return other === undefined
    ? `there is no target ${id}.`
    : `target ${id} has the certificate ${other.certificate}, not ${certificate}.`;
}

function listing(targets: readonly RegisteredTarget[]): string {
  return `Targets in the file: ${targets.map(({ id, certificate }) => `${id} (${certificate})`).join(', ')}.`;
}
