import { createHash } from 'node:crypto';
import type { Rollout, RolloutState, Wave } from '../../core/rollout/rollout.ts';
import { startWaiting } from '../../core/rollout/wait-schedule.ts';
import type { Executions } from '../../services/executions.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';
import type { JudgedWave } from '../../services/rollouts/wave-files.ts';

/** Seconds between two checks whether the other rollout has ended. */
const checkSeconds = 60;

/** Seconds. A rollout whose execution was aborted has no end. */
const maximumWaitSeconds = 7 * 86_400;

/**
 * The full rollout of another version for which a part with the current version waits; otherwise null. The full rollout may have
 * determined its hosts before the instance of the part existed. Its version becomes current when it ends.
 */
export async function findAwaitedRollout(
  { certificate, followsCurrent, startedAt, version }: Rollout,
  now: Date,
  { rollouts }: { readonly rollouts: Pick<Rollouts, 'runningFull'> },
): Promise<string | null> {
  if (followsCurrent !== true) return null;
  if (now.getTime() - Date.parse(startedAt) > maximumWaitSeconds * 1000) return null;
  const running = await rollouts.runningFull(certificate);
  return running === null || running.fingerprint === version.fingerprint ? null : running.id;
}

/** The wave of a part that waits for the end of another rollout. */
export function waitingFor(rollout: string, wave: Wave, now: Date): Wave {
  const summary = `${wave.summary}; waits for the end of rollout ${rollout}`;
  return startWaiting({ ...wave, verdict: 'wait', summary }, { seconds: checkSeconds, now });
}

interface Services {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly executions: Pick<Executions, 'start'>;
  readonly installed: Pick<InstalledVersions, 'of'>;
  readonly rolloutArn: string;
}

/**
 * Starts a rollout of the version that became current while this part ran, for the same hosts. Starts none if they have it
 * already. The name follows from this rollout, so a repeated call starts nothing.
 */
export async function startFollowUp(
  { rollout }: RolloutState,
  waves: readonly JudgedWave[],
  { catalogue, executions, installed, rolloutArn }: Services,
): Promise<void> {
  const { id, certificate, followsCurrent, only, strategy, urgent, version } = rollout;
  if (followsCurrent !== true) return;
  const current = await catalogue.currentVersion(certificate);
  if (current === null || current.fingerprint === version.fingerprint) return;
  const ids = [...new Set(waves.flatMap(({ results }) => results.map(({ targetId }) => targetId)))];
  const records = await installed.of(ids);
  if (ids.every((target) => records.get(target)?.fingerprint === current.fingerprint)) return;
  const reason = `another version became current during rollout ${id}`.slice(0, maximumReason);
  const request = { certificate, version: 'current', reason, urgent, only, strategy };
  await executions.start(rolloutArn, followUpName(id, current), request);
}

const maximumReason = 200;

/** At most 80 characters, the limit of Step Functions. */
function followUpName(id: string, { fingerprint }: Rollout['version']): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([id, fingerprint]))
    .digest('hex');
  return `${id.slice(0, 54)}-next-${digest.slice(0, 20)}`;
}
