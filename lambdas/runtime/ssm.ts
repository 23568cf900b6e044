import { SSMClient } from '@aws-sdk/client-ssm';
import type { HostPlace } from '../services/host-place.ts';
import { elsewhere, ownPlace } from './elsewhere.ts';

const made = new Map<string, SSMClient>();

/** SSM alone, for those who send jobs: EC2's client would weigh on their cold start. */
export function ssmAt({ account, region }: HostPlace): SSMClient {
  const place = `${account}/${region}`;
  const config = account === null || region === null ? ownPlace : elsewhere(account, region);
  const found = made.get(place) ?? new SSMClient(config);
  made.set(place, found);
  return found;
}
