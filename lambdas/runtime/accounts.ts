import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { HostClients } from '../services/fleet.ts';
import { elsewhere, ownPlace } from './elsewhere.ts';
import { once } from './once.ts';

/** The stack's own account and region. */
export const ownClients = once((): HostClients => clients(ownPlace));

const made = new Map<string, HostClients>();

/** Clients of another account and region, made once for each. */
export function clientsFor(account: string, region: string): HostClients {
  const place = `${account}/${region}`;
  const found = made.get(place) ?? clients(elsewhere(account, region));
  made.set(place, found);
  return found;
}

function clients(config: typeof ownPlace | ReturnType<typeof elsewhere>): HostClients {
  return {
    ssm: new SSMClient(config),
    ec2: new EC2Client(config),
    autoScaling: new AutoScalingClient(config),
  };
}
