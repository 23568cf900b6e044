import type { SecretTrail } from './trigger-events.ts';

type Detail = SecretTrail['detail'];

/** Calls that may move AWSCURRENT to another version, and the end of a rotation. */
const changingCalls = new Set([
  'PutSecretValue',
  'UpdateSecret',
  'UpdateSecretVersionStage',
  'RotationSucceeded',
]);

/**
 * The identifiers of the secret whose current version has changed; only ARNs if there are any. Empty if the call failed, or
 * moved only other stages (a rotation first uses AWSPENDING).
 */
export function currentSecretIds(detail: Detail): string[] {
  if (!changingCalls.has(detail.eventName) || detail.errorCode) return [];
  if (!movesCurrent(detail)) return [];
  const { requestParameters, responseElements, additionalEventData, serviceEventDetails } = detail;
  const named = [
    responseElements?.arn,
    responseElements?.ARN,
    responseElements?.aRN,
    additionalEventData?.SecretId,
    serviceEventDetails?.secretId,
    requestParameters?.secretId,
  ];
  const ids = [...new Set(named.flatMap((id) => id || []))];
  // the registry finds a secret by its ARN even if it was registered by name
  const arns = ids.filter((id) => id.startsWith('arn:'));
  return arns.length > 0 ? arns : ids;
}

function movesCurrent({ eventName, requestParameters }: Detail): boolean {
  const { versionStage, versionStages } = requestParameters ?? {};
  if (eventName === 'UpdateSecretVersionStage') return versionStage === 'AWSCURRENT';
  return !versionStages || versionStages.includes('AWSCURRENT');
}
