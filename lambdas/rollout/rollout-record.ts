import * as z from 'zod/mini';
import type { ExecutionContext } from '../../core/deployment/task-input.ts';
import { countOutcomes, remainingFailures } from '../../core/rollout/count-outcomes.ts';
import { type RecordedRollout, type RolloutOutcome, RolloutState } from '../../core/rollout/rollout.ts';
import type { JudgedWave, WaveResult } from '../../services/rollouts/wave-files.ts';
import { caughtFailure } from './caught-failure.ts';

/** The recording state that the execution has reached. */
export const RecordingPath = z.enum([
  'finished',
  'already_rolled_out',
  'superseded',
  'refused',
  'rolled_back',
  'rollback_incomplete',
]);
export type RecordingPath = z.infer<typeof RecordingPath>;

/** Input of a recording state. `state` is the execution's own input if ResolveCertificate has returned nothing. */
export interface RecordingInput {
  readonly path: RecordingPath;
  readonly execution: ExecutionContext;
  readonly request: unknown;
  readonly state: unknown;
}

const RequestCertificate = z.object({ certificate: z.string().check(z.maxLength(255)) });
const StateFailure = z.object({ failure: RolloutState.shape.failure });

/** The outcome of an execution that started no rollout. `fingerprint`: its version, if another rollout deploys it. Pure. */
export function recordWithoutStart(
  { path, execution, request, state }: RecordingInput,
  fingerprint: string | null,
): RecordedRollout {
  const parsedRequest = RequestCertificate.safeParse(request);
  const parsedState = StateFailure.safeParse(state);
  const { name, message } = caughtFailure(parsedState.success ? parsedState.data.failure : null);
  return {
    rolloutId: execution.name,
    certificate: parsedRequest.success ? parsedRequest.data.certificate : '',
    fingerprint,
    outcome: path,
    summary: message,
    reason: name,
    total: 0,
    waves: 0,
    counts: {},
  };
}

/** The outcome of a rollout. Pure. */
export function recordOfRollout(
  path: RecordingPath,
  { rollout, wave, halt }: RolloutState,
  waves: readonly JudgedWave[],
): RecordedRollout {
  const { counts, failed } = countOutcomes(waves);
  const rejected: Record<string, number> =
    wave.refused === 0 ? {} : { rejected: (counts.rejected ?? 0) + wave.refused };
  const outcome: RolloutOutcome =
    path === 'finished' && failed + wave.refused > 0 ? 'finished_with_failures' : path;
  const haltText = halt === null || path === 'superseded' ? '' : ` (${halt.summary})`;
  const failures = outcome === 'finished_with_failures' ? failureList(remainingFailures(waves)) : '';
  return {
    rolloutId: rollout.id,
    certificate: rollout.certificate,
    fingerprint: rollout.version.fingerprint,
    outcome,
    summary: `${wave.summary}${failures}${haltText}`,
    reason: halt?.reason ?? null,
    total: wave.total,
    waves: wave.number,
    counts: { ...counts, ...rejected },
    ...(path === 'finished' && wave.unresolved !== null && { warning: wave.unresolved }),
    ...(rollout.warnings?.length && { warnings: rollout.warnings }),
  };
}

/** The summary is one line, even if half a fleet has failed. */
const listedFailures = 10;

function failureList(failures: readonly Pick<WaveResult, 'targetId' | 'outcome'>[]): string {
  if (failures.length === 0) return '';
  const listed = failures.slice(0, listedFailures).map(({ targetId, outcome }) => `${targetId} ${outcome}`);
  const more = failures.length - listed.length;
  return `; ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/**
 * Whether this version becomes the current version of the certificate: the rollout was for all targets, and at least one of
 * them has the version. Without any target it becomes current as well, and later targets get it.
 */
export function becomesCurrent({ rollout, wave }: RolloutState, waves: readonly JudgedWave[]): boolean {
  const failed = countOutcomes(waves).failed + wave.refused;
  return rollout.only === null && (wave.total === 0 || failed < wave.total);
}
