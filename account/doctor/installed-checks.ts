import { type Check, type Finding, failed, listed, nothing, passed } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { memberTargetId } from '../../core/targets/registered.ts';
import type { InstalledVersion, InstalledVersions } from '../../services/registry/installed-versions.ts';
import { check } from './check.ts';
import type { HostedTarget } from './host-checks.ts';

/** A certificate with fewer days left should have been renewed. */
const minimumDays = 14;
const secondsPerDay = 86_400;

/** Checks the outcome of the last deployment to each target, and the expiry of the installed certificates. */
export async function installedChecks(
  installed: InstalledVersions,
  hosted: readonly HostedTarget[],
  now: Date,
): Promise<Check[]> {
  const ids = hosted.flatMap(({ target, hosts }) => hosts.map(({ host }) => memberTargetId(target, host)));
  const found = installed.of(ids);
  return Promise.all([
    check('deployments', async () => lastDeployments(ids, await found)),
    check('expiry', async () => expiry([...(await found).values()], now)),
  ]);
}

const rollOut = 'Roll out the certificate: certferry rollout';

function lastDeployments(ids: readonly string[], found: ReadonlyMap<string, InstalledVersion>): Finding {
  if (ids.length === 0)
    return nothing('no host of a target is known', 'List the deployments: certferry history');
  const never = ids.filter((id) => !found.has(id));
  const unsuccessful = [...found.values()].filter(({ outcome }) => !hasSucceeded(outcome));
  if (unsuccessful.length > 0) {
    const words = unsuccessful.map(({ targetId, outcome }) => `${targetId} (${outcome})`);
    return failed(
      `last deployment failed: ${listed(words)}`,
      'Find the reason with "certferry history --target ID" and "certferry inspect", then deploy again.',
    );
  }
  if (never.length > 0) {
    return failed(`never deployed: ${listed(never)}`, rollOut);
  }
  return passed(`${counted(ids.length, 'target')}, the last deployment to each succeeded`);
}

function hasSucceeded(outcome: string): boolean {
  return Object.entries(outcomeMeanings).some(([name, { succeeded }]) => name === outcome && succeeded);
}

function expiry(found: readonly InstalledVersion[], now: Date): Finding {
  const dated = found.flatMap(({ targetId, notAfter }) =>
    notAfter === null ? [] : [{ targetId, days: daysUntil(notAfter, now) }],
  );
  const soon = dated.filter(({ days }) => days < minimumDays).sort((one, other) => one.days - other.days);
  if (dated.length === 0) return nothing('no installed certificate is known', rollOut);
  const unknown = found.length - dated.length;
  const others = unknown === 0 ? '' : `; the expiry of ${unknown} is unknown`;
  if (soon.length === 0) {
    const checked = counted(dated.length, 'installed certificate');
    return passed(`${checked}, none of which expires within ${minimumDays} days${others}`);
  }
  const words = soon.map(({ targetId, days }) =>
    days < 0 ? `${targetId} (expired)` : `${targetId} (in ${days} days)`,
  );
  return failed(
    `expires soon: ${listed(words)}`,
    'Check that the certificate was renewed and that its rollout succeeded: certferry rollouts',
  );
}

const daysUntil = (notAfter: number, now: Date) =>
  Math.floor((notAfter - now.getTime() / 1000) / secondsPerDay);
