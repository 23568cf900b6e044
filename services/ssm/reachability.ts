import type { InstanceInformation, SSMClient } from '@aws-sdk/client-ssm';
import { informationOf } from './managed-nodes.ts';

/** Older agents insert a parameter into the script instead of passing it in the environment (aws-facts 3). */
const minimumAgentVersion = '3.3.2746.0';

/**
 * The reason why SSM cannot deliver a command to an instance now, or no command can work there; null if it can. SSM itself accepts a command for an offline
 * host, and the state would wait for its timeout.
 */
export async function findUnreachableReason(ssm: SSMClient, instance: string): Promise<string | null> {
  const nodes = await informationOf(ssm, [instance]);
  return unreachableReason(nodes.find(({ InstanceId }) => InstanceId === instance));
}

/** The same for the information that SSM returned about an instance; undefined if SSM does not know it. */
export function unreachableReason(found: InstanceInformation | undefined): string | null {
  if (found === undefined)
    return 'SSM does not know the host: it is not registered, or was stopped or terminated';
  return unsupported(found) ?? notOnline(found) ?? tooOld(found);
}

function notOnline({ PingStatus, LastPingDateTime }: InstanceInformation): string | null {
  if (PingStatus === 'Online') return null;
  const last = LastPingDateTime === undefined ? 'never' : LastPingDateTime.toISOString();
  return `its SSM Agent is ${PingStatus ?? 'in an unknown state'}, last ping ${last}`;
}

/** Bottlerocket reports its own name since version 1.7.0 (bottlerocket-os/bottlerocket, issue 2056). */
function unsupported({ PlatformType = 'Linux', PlatformName = '' }: InstanceInformation): string | null {
  if (PlatformName.startsWith('Bottlerocket')) {
    return 'it runs Bottlerocket, whose SSM Agent cannot change files of the host; deploy to a Kubernetes Secret or a load balancer';
  }
  return PlatformType === 'Linux' ? null : `it runs ${PlatformType}; certferry deploys to Linux hosts`;
}

function tooOld({ AgentVersion }: InstanceInformation): string | null {
  if (AgentVersion === undefined || compareVersions(AgentVersion, minimumAgentVersion) >= 0) return null;
  return `its SSM Agent is ${AgentVersion}; upgrade it to ${minimumAgentVersion} or later`;
}

/** Below 0, 0 or above 0, compared number by number: `3.3.300.0` is older than `3.3.2746.0`. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.split('.').map(Number));
  for (const [at, number] of (right ?? []).entries()) {
    const difference = (left?.[at] ?? 0) - number;
    if (difference !== 0) return difference;
  }
  return 0;
}
