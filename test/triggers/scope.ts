import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TriggerPattern, triggersFor } from '../../cdk/events/trigger-patterns.ts';
import type { matchesPattern } from './event-bridge.ts';

/** The rules of a stack that knows of every kind of place, and has a trail. */
export const rules = triggersFor({
  account: '123456789012',
  cloudTrail: true,
  parameters: ['/certificates/*'],
  buckets: [{ name: 'example-certificates', prefix: 'live/' }],
});

type Pattern = Parameters<typeof matchesPattern>[0];

/** A pattern as EventBridge is given it. */
export function jsonOf({ detailType, ...rest }: TriggerPattern): Pattern {
  return JSON.parse(JSON.stringify({ 'detail-type': detailType, ...rest }));
}

/** What each event of `fixtures/` is matched by; null: by no rule of ours. */
export const matchedBy: Readonly<Record<string, string | null>> = {
  'acm-renewal': 'CertificateAvailable',
  'acm-issuance-private': 'CertificateAvailable',
  'acm-import': null,
  'acm-approaching-expiration': null,
  'secret-label-updated': 'SecretLabelUpdated',
  'secret-label-custom': null,
  'trail-put-secret-value': 'SecretChanged',
  'trail-put-secret-value-pending': null,
  'trail-put-secret-value-denied': null,
  'trail-update-version-stage': 'SecretChanged',
  'trail-update-version-stage-pending': null,
  'trail-get-secret-value': null,
  'trail-rotation-succeeded': 'SecretRotated',
  'trail-rotation-failed': null,
  's3-object-created': 'ObjectCreated-example-certificates',
  's3-object-created-other-bucket': null,
  's3-object-created-other-prefix': null,
  's3-object-deleted': null,
  'parameter-create': 'ParameterChanged',
  'parameter-update': 'ParameterChanged',
  'parameter-string': null,
  'parameter-label': null,
  'parameter-delete': null,
  'parameter-other-name': null,
  'parameter-failed': null,
  'certferry-version-available': 'VersionAnnounced',
  'certferry-version-pinned': 'VersionAnnounced',
  'certferry-other-account': null,
  'instance-launch-successful': 'InstanceLaunched',
  'instance-launch-without-destination': 'InstanceLaunched',
  'instance-launch-warm-pool': null,
  'instance-launch-unsuccessful': null,
  'instance-terminate-successful': null,
  'instance-running': 'InstanceStarted',
  'instance-stopped': null,
  'instance-tagged': 'InstanceTagged',
  'instance-tagged-other': null,
  'volume-tagged': null,
};

const folder = join(import.meta.dirname, '../fixtures/events');

/** One event as EventBridge delivers it. */
export function fixture(name: string): Pattern {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

/** Every event, with the rule it is matched by. */
export function allFixtures() {
  const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
  return names.sort().map((name) => ({ name, event: fixture(name), matches: matchedBy[name] }));
}
