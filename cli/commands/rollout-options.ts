import type { RolloutRequest } from '../../core/rollout/rollout.ts';
import type { BundleFiles } from '../input/read-bundle-files.ts';
import { readStrategy, type StrategyOptions } from '../input/strategy-options.ts';
import type { BackendOptions } from '../options/backend-options.ts';
import { refuseOptions } from '../options/option-checks.ts';
import { UsageError } from '../terminal/errors.ts';

export interface RolloutOptions extends BackendOptions, StrategyOptions, Partial<BundleFiles> {
  readonly targets?: string;
  readonly certificate?: string;
  readonly to?: string;
  readonly target: readonly string[];
  readonly urgent?: boolean;
  readonly repeat?: boolean;
  readonly reason?: string;
  readonly resume?: string;
  readonly rollback?: boolean;
  readonly follow?: string;
  readonly awsCredentials?: string;
}

/** Throws UsageError for options that exclude each other in both backends. */
export function checkRolloutOptions(options: RolloutOptions): void {
  const { resume, follow, rollback } = options;
  if (resume !== undefined || follow !== undefined) {
    refuseOptions(
      optionsOfNewRollout(options),
      '--resume or --follow: these settings are fixed when a rollout starts',
    );
  }
  if (resume === undefined) {
    refuseOptions(
      { '--rollback': rollback },
      'a new rollout. Use --on-halt rollback, or "certferry halt --rollback" later.',
    );
  }
  if (resume !== undefined && follow !== undefined) {
    throw new UsageError('--resume and --follow exclude each other: --resume also follows the rollout');
  }
}

function optionsOfNewRollout(options: RolloutOptions): Record<string, unknown> {
  const { certificate, targets, target, waves, urgent, repeat, reason } = options;
  return {
    '--certificate': certificate,
    '--targets': targets,
    '--target': target,
    '--to': options.to,
    '--waves': waves,
    '--max-concurrency': options.maxConcurrency,
    '--tolerated-failures': options.toleratedFailures,
    '--pause': options.pause,
    '--splay': options.splay,
    '--approval-after-wave': options.approvalAfterWave,
    '--approval-timeout': options.approvalTimeout,
    '--on-halt': options.onHalt,
    '--on-stale-service': options.onStaleService,
    '--urgent': urgent,
    '--repeat': repeat,
    '--reason': reason,
  };
}

/** The part of a rollout request that both backends take from the same options. */
export function requestOf(options: RolloutOptions): Omit<RolloutRequest, 'certificate' | 'version'> {
  const { reason = 'started by certferry rollout', repeat = false, urgent = false, target } = options;
  const only = target.length === 0 ? null : { targets: [...target] };
  return { reason, repeat, urgent, only, strategy: readStrategy(options) };
}
