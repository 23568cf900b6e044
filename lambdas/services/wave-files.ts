import type { DeploymentRequest } from '../../core/deployment/deployment.ts';
import type { MapResult, Place } from '../../core/rollout/rollout.ts';

/** How one deployment of a wave ended, from the Distributed Map's own results. `targetId` is '' where it cannot be read. */
export interface WaveResult {
  readonly targetId: string;
  readonly executionArn: string;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT' | 'PENDING';
  /** A deployment's outcome where it recorded one, else the error's name. */
  readonly outcome: string;
  readonly summary: string;
}

/** What is kept of a wave once it has been judged. */
export interface JudgedWave {
  readonly number: number;
  readonly direction: 'forward' | 'back';
  readonly results: readonly WaveResult[];
}

/**
 * A rollout's files in the bucket, under `rollouts/<id>/`: `wave-<n>/items.json`, what the Map writes under
 * `wave-<n>/results/`, and `wave-<n>/judged.json`.
 */
export interface WaveFiles {
  placeOf(rolloutId: string, wave: number): { readonly items: Place; readonly results: Place };
  writeItems(place: Place, items: readonly DeploymentRequest[]): Promise<void>;
  readItems(place: Place): Promise<DeploymentRequest[]>;
  /** All results of a Map: reads its manifest and the files that it names. */
  readResults(result: MapResult): Promise<WaveResult[]>;
  writeJudged(rolloutId: string, wave: JudgedWave): Promise<void>;
  /** Waves 1 to `upTo`, those that were judged, in order. */
  judged(rolloutId: string, upTo: number): Promise<JudgedWave[]>;
}
