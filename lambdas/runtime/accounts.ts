import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { HostClients } from '../services/fleet.ts';
import { once } from './once.ts';

/** Each account that has hosts gives this role to the stack: `docs/install.md`. */
const roleName = 'certferry-runner';

/** Throttled calls wait their turn: these APIs publish no rates, and a fleet is asked about in many small calls. */
const patiently = { retryMode: 'adaptive', maxAttempts: 10 } as const;

/** The stack's own account and region. */
export const ownClients = once((): HostClients => clients({}));

const elsewhere = new Map<string, HostClients>();

/** Clients of another account and region, through that account's role; made once for each. */
export function clientsFor(account: string, region: string): HostClients {
  const place = `${account}/${region}`;
  const made = elsewhere.get(place) ?? clients({ region, credentials: credentialsIn(account, region) });
  elsewhere.set(place, made);
  return made;
}

function clients(place: {
  readonly region?: string;
  readonly credentials?: ReturnType<typeof fromTemporaryCredentials>;
}): HostClients {
  const config = { ...patiently, ...place };
  return {
    ssm: new SSMClient(config),
    ec2: new EC2Client(config),
    autoScaling: new AutoScalingClient(config),
  };
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
