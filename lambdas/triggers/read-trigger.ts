import type * as z from 'zod/mini';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { currentSecretIds } from './cloudtrail-secrets.ts';
import type {
  CertificateAvailable,
  InstanceLaunched,
  ObjectCreated,
  ParameterChanged,
  SecretLabelUpdated,
  SecretTrail,
  TriggerEvent,
  VersionAvailable,
} from './trigger-events.ts';

/**
 * What an event says, once it is read. `about` tells two changes apart, and is the same however often one change is
 * announced: with the certificate it makes the name of the execution. `reason` is for people.
 */
export type Trigger =
  /** A place has a new version. `places`: the ways in which that place may have been registered. */
  | {
      readonly type: 'place';
      readonly kind: string;
      readonly places: readonly CertificateSource[];
      readonly about: readonly string[];
      readonly reason: string;
    }
  /** Somebody says that a certificate has one. */
  | {
      readonly type: 'certificate';
      readonly said: z.infer<typeof VersionAvailable>['detail'];
      readonly about: readonly string[];
    }
  | {
      readonly type: 'instance';
      readonly group: string;
      readonly instance: Instance;
      readonly about: readonly string[];
      readonly reason: string;
    }
  | { readonly type: 'nothing'; readonly why: string };

/** An instance, and where it is. */
export interface Instance {
  readonly id: string;
  readonly account: string;
  readonly region: string;
}

/**
 * What an event announces. The rules filter already; what an event is not about is looked at again here, so that one that
 * comes another way (by hand, from a queue) does no more than one that came through a rule.
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
      return { type: 'certificate', said: event.detail, about: ['event', event.id] };
    case 'EC2 Instance Launch Successful':
      return instanceLaunched(event);
  }
}

/** Imported certificates cannot be exported. The ARN stays through renewals, so its dates tell them apart. */
function availableInAcm({ resources, detail }: z.infer<typeof CertificateAvailable>): Trigger {
  const { Action, CertificateType, CertificateCreatedDate = '', CertificateExpirationDate } = detail;
  if (CertificateType === 'IMPORTED') return nothing('an imported certificate cannot be exported');
  const arn = String(resources[0]);
  return {
    type: 'place',
    kind: 'acm',
    places: [{ kind: 'acm', certificateArn: arn }],
    about: [arn, Action, CertificateCreatedDate, CertificateExpirationDate],
    reason: `ACM: ${Action.toLowerCase()} of ${arn.split('/').at(-1)}`,
  };
}

/** The time belongs to it: a label may come back to a version that it was on before. */
function labelUpdated({ resources, time, detail }: z.infer<typeof SecretLabelUpdated>): Trigger {
  const { name, labelUpdated, versionId } = detail;
  if (labelUpdated !== 'AWSCURRENT') return nothing(`${labelUpdated} is not the version in use`);
  const secretId = resources[0] ?? name;
  return {
    type: 'place',
    kind: 'secret',
    places: [{ kind: 'secretsmanager', secretId }],
    about: [secretId, versionId, time],
    reason: `Secrets Manager: version ${versionId} of ${name} is AWSCURRENT`,
  };
}

function secretTrail({ detail }: SecretTrail): Trigger {
  const ids = currentSecretIds(detail);
  if (ids.length === 0) return nothing(`${detail.eventName} gave no secret another current version`);
  return {
    type: 'place',
    kind: 'secret',
    places: ids.map((secretId) => ({ kind: 'secretsmanager', secretId })),
    about: [detail.eventID],
    reason: `Secrets Manager: ${detail.eventName} of ${ids[0]}`,
  };
}

/** S3 may tell of one write twice. What has no version id will be refused by the rollout, in words. */
function objectCreated({ id, detail }: z.infer<typeof ObjectCreated>): Trigger {
  const { bucket, object } = detail;
  return {
    type: 'place',
    kind: 's3',
    places: [{ kind: 's3', bucket: bucket.name, key: object.key }],
    about: [bucket.name, object.key, object['version-id'] ?? object.sequencer ?? id],
    reason: `S3: s3://${bucket.name}/${object.key} was written`,
  };
}

/** The event has no version number, and its time is in seconds: only its id tells two updates apart. */
function parameterChanged({ id, detail }: z.infer<typeof ParameterChanged>): Trigger {
  const { operation, name, type, exception } = detail;
  if (operation !== 'Create' && operation !== 'Update') return nothing(`${operation} makes no new version`);
  if (exception) return nothing('the change of the parameter failed');
  if (type !== 'SecureString') return nothing(`a parameter of type ${type} holds no bundle`);
  return {
    type: 'place',
    kind: 'parameter',
    places: [{ kind: 'parameter', name }],
    about: [name, id],
    reason: `Parameter Store: ${operation.toLowerCase()} of ${name}`,
  };
}

/** One that goes into a warm pool is stopped again; when it is taken from there it is announced again. */
function instanceLaunched({ account, region, detail }: z.infer<typeof InstanceLaunched>): Trigger {
  const { ActivityId, AutoScalingGroupName: group, EC2InstanceId, Destination } = detail;
  if (Destination === 'WarmPool') return nothing(`${EC2InstanceId} went into a warm pool`);
  return {
    type: 'instance',
    group,
    instance: { id: EC2InstanceId, account, region },
    about: [group, EC2InstanceId, ActivityId],
    reason: `Auto Scaling: ${EC2InstanceId} was launched in ${group}`,
  };
}

const nothing = (why: string): Trigger => ({ type: 'nothing', why });
