import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { patiently } from './patiently.ts';

/** Each account that has hosts gives this role to the stack: `docs/install.md`. */
const roleName = 'certferry-runner';

/** How a client of any service is made for the stack's own account and region. */
export const ownPlace = patiently;

/** The same for another account and region, through that account's role. */
export function elsewhere(account: string, region: string) {
  return { ...patiently, region, credentials: credentialsIn(account, region) };
}

function credentialsIn(account: string, region: string) {
  return fromTemporaryCredentials({
    params: {
      RoleArn: `arn:${partitionOf(region)}:iam::${account}:role/${roleName}`,
      RoleSessionName: 'certferry',
    },
    clientConfig: { region },
  });
}

/** A role can only be assumed within its partition, which the names of its regions tell. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
