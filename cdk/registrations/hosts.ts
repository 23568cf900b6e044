import { Annotations, Tags } from 'aws-cdk-lib';
import type { IManagedPolicy, IRole } from 'aws-cdk-lib/aws-iam';
import { tag } from '../common/names.ts';
import type { HostSelector, TargetProps } from '../inputs/common-types.ts';
import type { TargetHostConstruct } from '../inputs/constructs.ts';

type Host = TargetProps['host'];

/** The hosts as a targets file would name them. */
export function selectorOf(host: Host): HostSelector {
  if (!isConstruct(host)) return host;
  return 'instanceId' in host ? host.instanceId : { autoScalingGroup: host.autoScalingGroupName };
}

/** Tags the hosts, so that functions may send jobs to them, and lets them fetch the agent. Does nothing for ids and tags. */
export function admitHosts(host: Host, hostPolicy: IManagedPolicy): void {
  if (!isConstruct(host)) return;
  Tags.of(host).add(tag.key, tag.value);
  const { grantPrincipal } = host;
  if ('addManagedPolicy' in grantPrincipal) {
    (grantPrincipal as IRole).addManagedPolicy(hostPolicy);
    return;
  }
  Annotations.of(host).addWarningV2(
    'certferry:hostPolicy',
    'The role of these hosts is unknown. Tag the hosts certferry=true, and attach the output HostPolicyArn to their role.',
  );
}

const isConstruct = (host: Host): host is TargetHostConstruct =>
  typeof host === 'object' && ('instanceId' in host || 'autoScalingGroupName' in host);
