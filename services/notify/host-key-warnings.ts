import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logger } from '../logger.ts';

/** A host could not open a bundle sealed to its registered key, and has sent another key. */
export interface HostKeyChange {
  readonly host: string;
  readonly targetId: string;
  readonly deploymentId: string;
  readonly kid: string | null;
}

/** Warnings about host keys. Never throws, never waits. */
export interface HostKeyWarnings {
  /** Expected after a host was rebuilt. Otherwise an operator should check whether another machine has answered. */
  hostKeyChanged(change: HostKeyChange): void;
}

/** A warning in the log, and the CloudWatch metric `HostKeyChanged` (embedded metric format: no API call). */
export function createHostKeyWarnings(metrics: Metrics): HostKeyWarnings {
  return {
    hostKeyChanged(change) {
      logger.warn('host key changed', { ...change });
      const metric = metrics.singleMetric();
      metric.addDimension('host', change.host);
      metric.addMetric('HostKeyChanged', MetricUnit.Count, 1);
    },
  };
}
