import { setTimeout } from 'node:timers/promises';
import { ACMClient } from '@aws-sdk/client-acm';
import type { Store, StoreAccess, StoreConnector } from '../store.ts';
import { createAcmStore } from './acm-store.ts';
import { createCertificates } from './certificates.ts';
import { AcmPlan } from './plan.ts';
import type { Sleep } from './repeat-request.ts';

/** What a test replaces. */
interface Environment {
  client(region: string): Pick<ACMClient, 'send'>;
  readonly sleep: Sleep;
}

/**
 * Certificates in AWS Certificate Manager. One request replaces leaf, chain and key under the same ARN, so ACM never has a
 * part of a version. ACM returns no keys: a restore imports the previous version with its key from `PreviousBundles`.
 */
export function createAcmConnector({ client, sleep }: Environment): StoreConnector<'acm', AcmPlan> {
  return {
    plan: AcmPlan,
    async open(access: StoreAccess<'acm'>): Promise<Store<AcmPlan>> {
      const region = regionOf(access.config);
      const service = { region, deadline: access.signal, sleep };
      return createAcmStore(access, createCertificates(client(region), service));
    },
  };
}

/** The connector with the credentials of the agent: those of an instance profile, or of the role of the function. */
export const acm: StoreConnector<'acm', AcmPlan> = createAcmConnector({
  // the connector repeats requests itself: a repeated first import would create a second certificate
  client: (region) => new ACMClient({ region, maxAttempts: 1 }),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
});

/** An ARN contains its region; a first import names it. The schema requires one of both. */
function regionOf({ certificateArn, region }: StoreAccess<'acm'>['config']): string {
  return certificateArn?.split(':')[3] ?? `${region}`;
}
