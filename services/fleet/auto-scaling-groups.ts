import { type AutoScalingClient, paginateDescribeAutoScalingGroups } from '@aws-sdk/client-auto-scaling';

/**
 * The ids of a group's instances that serve or are about to: those in a warm pool, on standby or on their way out are
 * not. Empty when there is no such group.
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
