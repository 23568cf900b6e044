import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logger } from '../logger.ts';
import { composed, type Messages } from './sns-messages.ts';

/** A host could not open a bundle sealed to its registered key `previousKid`, and has sent another key. */
export interface HostKeyChange {
  readonly host: string;
  readonly targetId: string;
  readonly deploymentId: string;
  readonly kid: string;
  readonly previousKid: string;
  /** Whether the stack refuses the new key until an operator accepts it. */
  readonly refused: boolean;
}

/** Warnings about host keys. Never throws. */
export interface HostKeyWarnings {
  /**
   * Expected after a host was rebuilt. Otherwise an operator should check whether another machine has answered. Resolves when
   * the operators are notified: no bundle is sealed to the new key before.
   */
  hostKeyChanged(change: HostKeyChange): Promise<void>;
}

/** A warning in the log, the CloudWatch metric `HostKeyChanged` (embedded metric format: no API call) and a message. */
export function createHostKeyWarnings(metrics: Metrics, messages: Pick<Messages, 'send'>): HostKeyWarnings {
  return {
    async hostKeyChanged(change) {
      logger.warn('host key changed', { ...change });
      const metric = metrics.singleMetric();
      metric.addDimension('host', change.host);
      metric.addMetric('HostKeyChanged', MetricUnit.Count, 1);
      await messages.send(messageOf(change));
    },
  };
}

function messageOf({ host, targetId, deploymentId, kid, previousKid, refused }: HostKeyChange) {
  return composed(
    `${host}: host key changed`,
    [
      `Host:           ${host}`,
      `Target:         ${targetId}`,
      `Deployment:     ${deploymentId}`,
      `Registered key: ${previousKid}`,
      `New key:        ${kid}`,
    ],
    [
      'The host could not open a bundle that was sealed to its registered key, and answered with another key.',
    ],
    [
      refused
        ? 'The deployment was refused. If you have rebuilt the host, accept the key: delete the registered one (docs/troubleshooting.md, HostKeyChanged) and deploy again.'
        : 'The next bundle is sealed to the new key. If you have not rebuilt the host, stop its deployments and find out which machine answered.',
    ],
  );
}
