import type { SecretTrail } from './trigger-events.ts';

type Detail = SecretTrail['detail'];

/** The calls after which another version may be AWSCURRENT, and the end of a rotation. */
const changing = new Set(['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage', 'RotationSucceeded']);

/**
 * The names under which CloudTrail speaks of the secret that has another current version now, ARNs first; none when the
 * call failed, or moved other stages only (a rotation first puts its version under AWSPENDING).
 */
export function currentSecretIds(detail: Detail): string[] {
  if (!changing.has(detail.eventName) || detail.errorCode) return [];
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
  // an ARN finds the secret however it was registered
  const arns = ids.filter((id) => id.startsWith('arn:'));
  return arns.length > 0 ? arns : ids;
}

function movesCurrent({ eventName, requestParameters }: Detail): boolean {
  const { versionStage, versionStages } = requestParameters ?? {};
  if (eventName === 'UpdateSecretVersionStage') return versionStage === 'AWSCURRENT';
  return !versionStages || versionStages.includes('AWSCURRENT');
}
