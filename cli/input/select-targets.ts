import { parseTargets, type TargetsFile } from '../../core/registry/targets-file.ts';
import { hostWords } from '../../core/targets/host-words.ts';
import { memberOf, type RegisteredTarget } from '../../core/targets/registered.ts';
import type { Target } from '../../core/targets/target.ts';
import type { AtLeastOne } from '../report/deployment-report.ts';
import { UsageError } from '../terminal/errors.ts';
import { readText } from './read-files.ts';

/** A targets file. Throws UsageError when it cannot be read, InvalidTarget when it says something else. */
export function readTargetsFile(path: string): TargetsFile {
  return parseTargets(readText(path, 'the targets file'), path);
}

/**
 * The targets of a file that a deployment goes to: all of the certificate's, or those named. Throws UsageError, listing
 * what there is, for a target that does not exist or has another certificate.
 */
export function selectTargets(
  targets: readonly RegisteredTarget[],
  certificate: string,
  ids: readonly string[],
): AtLeastOne<RegisteredTarget> {
  const ofCertificate = targets.filter((target) => target.certificate === certificate);
  for (const id of ids) {
    if (ofCertificate.some((target) => target.id === id)) continue;
    throw new UsageError(`${complaint(targets, certificate, id)} ${listing(targets)}`);
  }
  const [first, ...others] = ofCertificate.filter((target) => ids.length === 0 || ids.includes(target.id));
  if (first === undefined) {
    throw new UsageError(`no target has the certificate ${certificate}. ${listing(targets)}`);
  }
  return [first, ...others];
}

/** One target by its id. Throws UsageError, listing what there is. */
export function selectTarget(targets: readonly RegisteredTarget[], id: string): RegisteredTarget {
  const target = targets.find((one) => one.id === id);
  if (target === undefined) throw new UsageError(`there is no target ${id}. ${listing(targets)}`);
  return target;
}

/** The target on this machine, with `{host}` in its endpoint as this machine's own address. Throws UsageError for one elsewhere. */
export function onThisMachine(target: RegisteredTarget): Target {
  const { host } = target;
  const here = typeof host === 'string' && isLocal.test(host) ? memberOf(target, { host, address }) : null;
  if (here !== null) return here;
  throw new UsageError(
    `target ${target.id} is on ${hostWords(host)}: --local deploys to this machine only (host: local). ` +
      'Leave it out with --target, or deploy it from the account: docs/deploying.md.',
  );
}

const isLocal = /^local(-|$)/;
const address = '127.0.0.1';

function complaint(targets: readonly RegisteredTarget[], certificate: string, id: string): string {
  const other = targets.find((target) => target.id === id);
  return other === undefined
    ? `there is no target ${id}.`
    : `target ${id} has the certificate ${other.certificate}, not ${certificate}.`;
}

function listing(targets: readonly RegisteredTarget[]): string {
  return `The targets file has: ${targets.map(({ id, certificate }) => `${id} (${certificate})`).join(', ')}.`;
}
