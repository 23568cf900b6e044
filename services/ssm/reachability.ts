import type { InstanceInformation, SSMClient } from '@aws-sdk/client-ssm';
import { informationOf } from './managed-nodes.ts';

/** Older agents paste a parameter into the script instead of giving it in the environment (aws-facts 3). */
const oldestAgent = '3.3.2746.0';

/**
 * Asks SSM whether it could hand a command to an instance now, and answers why not; null when it could. SSM itself takes
 * a command for a host that is away, and would leave it to the state's time-out to say so.
 */
export async function findUnreachableReason(ssm: SSMClient, instance: string): Promise<string | null> {
  const nodes = await informationOf(ssm, [instance]);
  return unreachableReason(nodes.find(({ InstanceId }) => InstanceId === instance));
}

/** The same of what SSM has said of an instance; undefined when it does not know it. */
export function unreachableReason(found: InstanceInformation | undefined): string | null {
  if (found === undefined) return 'SSM does not know it: it is not registered, or was stopped or terminated';
  return notOnline(found) ?? tooOld(found);
}

function notOnline({ PingStatus, LastPingDateTime }: InstanceInformation): string | null {
  if (PingStatus === 'Online') return null;
  const last = LastPingDateTime === undefined ? 'never' : LastPingDateTime.toISOString();
  return `its SSM Agent is ${PingStatus ?? 'in no known state'}, last heard of ${last}`;
}

function tooOld({ AgentVersion }: InstanceInformation): string | null {
  if (AgentVersion === undefined || compareVersions(AgentVersion, oldestAgent) >= 0) return null;
  return `its SSM Agent is ${AgentVersion}; upgrade it to ${oldestAgent} or later`;
}

/** Below 0, 0 or above 0, number by number: `3.3.300.0` is older than `3.3.2746.0`. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.split('.').map(Number));
  for (const [at, number] of (right ?? []).entries()) {
    const difference = (left?.[at] ?? 0) - number;
    if (difference !== 0) return difference;
  }
  return 0;
}
