import type * as z from 'zod/mini';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { currentSecretIds } from './cloudtrail-secrets.ts';
import type {
  CertificateAvailable,
  InstanceLaunched,
  InstanceStateChanged,
  InstanceTagged,
  ObjectCreated,
  ParameterChanged,
  SecretLabelUpdated,
  SecretTrail,
  TriggerEvent,
  VersionAvailable,
} from './trigger-events.ts';

/**
 * What an event requires. `identity` is the same in all events about one change; together with the certificate it determines
 * the execution name. `reason` is shown in the history and in messages.
 */
export type Trigger =
  /** A source has a new version. `sources`: the ways in which it may be registered. */
  | {
      readonly type: 'source';
      readonly kind: string;
      readonly sources: readonly CertificateSource[];
      readonly identity: readonly string[];
      readonly reason: string;
    }
  /** An event of certferry: a certificate has a new version. */
  | {
      readonly type: 'version';
      readonly detail: z.infer<typeof VersionAvailable>['detail'];
      readonly identity: readonly string[];
    }
  | {
      readonly type: 'instance';
      readonly group: string;
      readonly instance: Instance;
      readonly identity: readonly string[];
      readonly reason: string;
    }
  /** An instance may match targets by its tags. The event that reports it does not belong to the identity: both may report it. */
  | { readonly type: 'tags'; readonly instance: Instance; readonly reason: string }
  | { readonly type: 'none'; readonly reason: string };

/** An EC2 instance and its location. */
export interface Instance {
  readonly id: string;
  readonly account: string;
  readonly region: string;
}

/**
 * Reads an event. The EventBridge rules filter events already. This function filters again, for events that arrive another
 * way, for example from a queue.
 */
export function triggerOf(event: TriggerEvent): Trigger {
  switch (event['detail-type']) {
    case 'ACM Certificate Available':
      return availableInAcm(event);
    case 'Secret Label Updated':
      return labelUpdated(event);
    case 'AWS API Call via CloudTrail':
    case 'AWS Service Event via CloudTrail':
      return secretTrail(event);
    case 'Object Created':
      return objectCreated(event);
    case 'Parameter Store Change':
      return parameterChanged(event);
    case 'Certificate Version Available':
      return { type: 'version', detail: event.detail, identity: ['event', event.id] };
    case 'EC2 Instance Launch Successful':
      return instanceLaunched(event);
    case 'EC2 Instance State-change Notification':
      return instanceStateChanged(event);
    case 'Tag Change on Resource':
      return instanceTagged(event);
  }
}

/** ACM cannot export imported certificates. A renewal keeps the ARN, so the dates belong to the identity. */
function availableInAcm({ resources, detail }: z.infer<typeof CertificateAvailable>): Trigger {
  const { Action, CertificateType, CertificateCreatedDate = '', CertificateExpirationDate } = detail;
  if (CertificateType === 'IMPORTED') return none('ACM cannot export an imported certificate');
  const arn = String(resources[0]);
  return {
    type: 'source',
    kind: 'acm',
    sources: [{ kind: 'acm', certificateArn: arn }],
    identity: [arn, Action, CertificateCreatedDate, CertificateExpirationDate],
    reason: `ACM: ${Action.toLowerCase()} of ${arn.split('/').at(-1)}`,
  };
}

/** The time belongs to the identity: a label may return to an earlier version. */
function labelUpdated({ resources, time, detail }: z.infer<typeof SecretLabelUpdated>): Trigger {
  const { name, labelUpdated, versionId } = detail;
  if (labelUpdated !== 'AWSCURRENT')
    return none(`the label ${labelUpdated} does not mark the current version`);
  const secretId = resources[0] ?? name;
  return {
    type: 'source',
    kind: 'secret',
    sources: [{ kind: 'secretsmanager', secretId }],
    identity: [secretId, versionId, time],
    reason: `Secrets Manager: version ${versionId} of ${name} is AWSCURRENT`,
  };
}

function secretTrail({ detail }: SecretTrail): Trigger {
  const ids = currentSecretIds(detail);
  if (ids.length === 0) return none(`${detail.eventName} did not change the current version of a secret`);
  return {
    type: 'source',
    kind: 'secret',
    sources: ids.map((secretId) => ({ kind: 'secretsmanager', secretId })),
    identity: [detail.eventID],
    reason: `Secrets Manager: ${detail.eventName} of ${ids[0]}`,
  };
}

/** S3 may send two events about one write. The rollout refuses an object without a version id. */
function objectCreated({ id, detail }: z.infer<typeof ObjectCreated>): Trigger {
  const { bucket, object } = detail;
  return {
    type: 'source',
    kind: 's3',
    sources: [{ kind: 's3', bucket: bucket.name, key: object.key }],
    identity: [bucket.name, object.key, object['version-id'] ?? object.sequencer ?? id],
    reason: `S3: s3://${bucket.name}/${object.key} was written`,
  };
}

/** The event has no version number, and its time has a resolution of seconds, so the event id is the identity. */
function parameterChanged({ id, detail }: z.infer<typeof ParameterChanged>): Trigger {
  const { operation, name, type, exception } = detail;
  if (operation !== 'Create' && operation !== 'Update')
    return none(`the operation ${operation} creates no new version`);
  if (exception) return none('the parameter could not be changed');
  if (type !== 'SecureString') return none(`the parameter has the type ${type}, not SecureString`);
  return {
    type: 'source',
    kind: 'parameter',
    sources: [{ kind: 'parameter', name }],
    identity: [name, id],
    reason: `Parameter Store: ${operation.toLowerCase()} of ${name}`,
  };
}

/** An instance for a warm pool is stopped again. When it leaves the pool, there is another event. */
function instanceLaunched({ account, region, detail }: z.infer<typeof InstanceLaunched>): Trigger {
  const { ActivityId, AutoScalingGroupName: group, EC2InstanceId, Destination } = detail;
  if (Destination === 'WarmPool') return none(`${EC2InstanceId} went into a warm pool`);
  return {
    type: 'instance',
    group,
    instance: { id: EC2InstanceId, account, region },
    identity: [group, EC2InstanceId, ActivityId],
    reason: `Auto Scaling: ${EC2InstanceId} was launched in ${group}`,
  };
}

function instanceStateChanged({
  account,
  region,
  detail: { 'instance-id': id, state },
}: z.infer<typeof InstanceStateChanged>): Trigger {
  if (state !== 'running') return none(`${id} is ${state}`);
  return { type: 'tags', instance: { id, account, region }, reason: `EC2: ${id} is running` };
}

function instanceTagged({ account, region, resources, detail }: z.infer<typeof InstanceTagged>): Trigger {
  const [arn = ''] = resources;
  const id = /:instance\/(i-[0-9a-f]+)$/.exec(arn)?.[1];
  if (detail.service !== 'ec2' || id === undefined) return none(`${arn} is no instance`);
  return { type: 'tags', instance: { id, account, region }, reason: `EC2: the tags of ${id} changed` };
}

const none = (reason: string): Trigger => ({ type: 'none', reason });
