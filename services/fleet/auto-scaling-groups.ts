import { type AutoScalingClient, paginateDescribeAutoScalingGroups } from '@aws-sdk/client-auto-scaling';

/**
 * The ids of the instances of a group that serve or start. Instances in a warm pool, on standby or terminating are omitted. Empty
 * if the group does not exist.
 */
export async function instancesInService(autoScaling: AutoScalingClient, group: string): Promise<string[]> {
  const ids: string[] = [];
  const pages = paginateDescribeAutoScalingGroups(
    { client: autoScaling },
    { AutoScalingGroupNames: [group] },
  );
  for await (const { AutoScalingGroups = [] } of pages) {
    for (const { InstanceId = '', LifecycleState = '' } of AutoScalingGroups.flatMap(
      ({ Instances = [] }) => Instances,
    )) {
      if (LifecycleState === 'InService' || LifecycleState.startsWith('Pending')) ids.push(InstanceId);
    }
  }
  return ids;
}
