import * as z from 'zod/mini';
import type { ExecutionContext } from '../../core/deployment/task-input.ts';
import { type RecordedRollout, type RolloutOutcome, RolloutState } from '../../core/rollout/rollout.ts';
import { failuresLeft, tallyOf } from '../../core/rollout/tally.ts';
import type { JudgedWave, WaveResult } from '../../services/rollouts/wave-files.ts';
import { caughtFailure } from './caught-failure.ts';

/** By which recording state the graph ends. */
export const RecordingPath = z.enum([
  'finished',
  'already_rolled_out',
  'superseded',
  'refused',
  'rolled_back',
  'rollback_incomplete',
]);
export type RecordingPath = z.infer<typeof RecordingPath>;

/** What a recording state is given. `state` is the execution's own input where ResolveCertificate has not answered. */
export interface Ending {
  readonly path: RecordingPath;
  readonly execution: ExecutionContext;
  readonly request: unknown;
  readonly state: unknown;
}

const Asked = z.object({ certificate: z.string().check(z.maxLength(255)) });
const Caught = z.object({ failure: RolloutState.shape.failure });

/** The outcome of an execution that started no rollout. `fingerprint`: its version, if another rollout deploys it. Pure. */
export function recordWithoutStart(
  { path, execution, request, state }: Ending,
  fingerprint: string | null,
): RecordedRollout {
  const asked = Asked.safeParse(request);
  const caught = Caught.safeParse(state);
  const { name, message } = caughtFailure(caught.success ? caught.data.failure : null);
  return {
    rolloutId: execution.name,
    certificate: asked.success ? asked.data.certificate : '',
    fingerprint,
    outcome: path,
    summary: message,
    reason: name,
    total: 0,
    waves: 0,
    counts: {},
  };
}

/** How a rollout ended that had begun. Pure. */
export function recordOfRollout(
  path: RecordingPath,
  { rollout, wave, halt }: RolloutState,
  waves: readonly JudgedWave[],
): RecordedRollout {
  const { counts, failed } = tallyOf(waves);
  const refused: Record<string, number> =
    wave.refused === 0 ? {} : { rejected: (counts.rejected ?? 0) + wave.refused };
  const outcome: RolloutOutcome =
    path === 'finished' && failed + wave.refused > 0 ? 'finished_with_failures' : path;
  const why = halt === null || path === 'superseded' ? '' : ` (${halt.summary})`;
  const whom = outcome === 'finished_with_failures' ? named(failuresLeft(waves)) : '';
  return {
    rolloutId: rollout.id,
    certificate: rollout.certificate,
    fingerprint: rollout.version.fingerprint,
    outcome,
    summary: `${wave.summary}${whom}${why}`,
    reason: halt?.reason ?? null,
    total: wave.total,
    waves: wave.number,
    counts: { ...counts, ...refused },
    ...(path === 'finished' && wave.unfound !== null && { warning: wave.unfound }),
  };
}

/** A summary is read on one line, also where half a fleet has failed. */
const shownFailures = 10;

function named(failures: readonly Pick<WaveResult, 'targetId' | 'outcome'>[]): string {
  if (failures.length === 0) return '';
  const shown = failures.slice(0, shownFailures).map(({ targetId, outcome }) => `${targetId} ${outcome}`);
  const more = failures.length - shown.length;
  return `; ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/**
 * Whether the certificate's current version is this one from now on: a rollout to all has ended well, and somebody has
 * it (or there is nobody yet: whoever comes gets it).
 */
export function becomesCurrent({ rollout, wave }: RolloutState, waves: readonly JudgedWave[]): boolean {
  const failed = tallyOf(waves).failed + wave.refused;
  return rollout.only === null && (wave.total === 0 || failed < wave.total);
}
