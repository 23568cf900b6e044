import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logger } from '../logger.ts';

/** A host that could not open what was sealed to the key we knew, and told another. */
export interface HostKeyChange {
  readonly host: string;
  readonly targetId: string;
  readonly deploymentId: string;
  readonly kid: string | null;
}

/** What somebody should hear of even when the deployment goes on. Never throws, never waits. */
export interface HostKeyWarnings {
  /** Expected after a host was rebuilt; otherwise somebody should ask who answered in its place. */
  hostKeyChanged(change: HostKeyChange): void;
}

/** HostKeyWarnings as a warning in the log and a CloudWatch metric (embedded metric format: no API call). */
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
