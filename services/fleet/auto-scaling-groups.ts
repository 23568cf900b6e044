import { type AutoScalingClient, paginateDescribeAutoScalingGroups } from '@aws-sdk/client-auto-scaling';

/**
 * The ids of the instances of a group that serve or start. Instances in a warm pool, on standby or terminating are omitted. Empty
 * if the group does not exist.
 */
export async function instancesInService(autoScaling: AutoScalingClient, group: string): Promise<string[]> {
  return [...(await lifecycleStates(autoScaling, group))]
    .filter(([, state]) => serves(state))
    .map(([id]) => id);
}

/** The lifecycle states of all instances of a group, by their ids. */
export async function lifecycleStates(
  autoScaling: AutoScalingClient,
  group: string,
): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>();
  const pages = paginateDescribeAutoScalingGroups(
    { client: autoScaling },
    { AutoScalingGroupNames: [group] },
  );
  for await (const { AutoScalingGroups = [] } of pages) {
    for (const { InstanceId = '', LifecycleState = '' } of AutoScalingGroups.flatMap(
      ({ Instances = [] }) => Instances,
    )) {
      states.set(InstanceId, LifecycleState);
    }
  }
  return states;
}

/** Whether an instance in this lifecycle state serves or starts. */
export const serves = (state: string): boolean => state === 'InService' || state.startsWith('Pending');

/** Whether the group terminates an instance in this lifecycle state, possibly after a lifecycle hook. */
export const isTerminating = (state: string): boolean =>
  state.startsWith('Terminating') || state.startsWith('Terminated');
