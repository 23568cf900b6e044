import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { memberTargetId } from '../../core/targets/registered.ts';
import type { InstalledVersion, InstalledVersions } from '../../services/registry/installed-versions.ts';
import { amiss, type Check, check, type Finding, listed, well } from './check.ts';
import type { Placed } from './host-checks.ts';

/** A certificate that expires within so many days should have been renewed. */
const soonDays = 14;
const secondsPerDay = 86_400;

/** What the last deployment left on each target. */
export async function installedChecks(
  installed: InstalledVersions,
  placed: readonly Placed[],
  now: Date,
): Promise<Check[]> {
  const ids = placed.flatMap(({ target, hosts }) => hosts.map(({ host }) => memberTargetId(target, host)));
  const found = await installed.of(ids);
  return Promise.all([
    check('deployments', async () => failures(ids, found)),
    check('expiry', async () => expiring([...found.values()], now)),
  ]);
}

function failures(ids: readonly string[], found: ReadonlyMap<string, InstalledVersion>): Finding {
  const never = ids.filter((id) => !found.has(id));
  const failed = [...found.values()].filter(({ outcome }) => !isGood(outcome));
  if (failed.length > 0) {
    return amiss(
      `the last deployment failed on ${listed(failed.map(({ targetId, outcome }) => `${targetId} (${outcome})`))}`,
      'See why with "certferry history --target ID" and "certferry inspect", and deploy again.',
    );
  }
  if (never.length > 0) {
    return amiss(`never deployed to: ${listed(never)}`, 'Roll the certificate out: certferry rollout');
  }
  return well(`${ids.length} targets, the last deployment of each went well`);
}

function isGood(outcome: string): boolean {
  return Object.entries(outcomeMeanings).some(([name, { succeeded }]) => name === outcome && succeeded);
}

function expiring(found: readonly InstalledVersion[], now: Date): Finding {
  const dated = found.flatMap(({ targetId, notAfter }) =>
    notAfter === null ? [] : [{ targetId, days: daysUntil(notAfter, now) }],
  );
  const soon = dated.filter(({ days }) => days < soonDays).sort((one, other) => one.days - other.days);
  if (soon.length === 0) return well(`nothing installed expires within ${soonDays} days`);
  const words = soon.map(({ targetId, days }) =>
    days < 0 ? `${targetId} (expired)` : `${targetId} (in ${days} days)`,
  );
  return amiss(
    `expires soon: ${listed(words)}`,
    'Was it renewed, and did its rollout end well? certferry rollouts',
  );
}

const daysUntil = (notAfter: number, now: Date) =>
  Math.floor((notAfter - now.getTime() / 1000) / secondsPerDay);
