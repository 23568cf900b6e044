/**
 * An Auto Scaling group behind a load balancer that passes TLS through. Each wave includes the instances that run when the
 * wave starts, and an instance that joins later gets the current version.
 */
import { App, Duration, Stack } from 'aws-cdk-lib';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import {
  AmazonLinuxCpuType,
  InstanceType,
  LaunchTemplate,
  MachineImage,
  SecurityGroup,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Certferry, Target } from 'certferry/cdk';

const stack = new Stack(new App(), 'Certferry');
const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
});
const role = new Role(stack, 'WebRole', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
// new accounts cannot create launch configurations
const launchTemplate = new LaunchTemplate(stack, 'WebTemplate', {
  instanceType: new InstanceType('t4g.small'),
  machineImage: MachineImage.latestAmazonLinux2023({ cpuType: AmazonLinuxCpuType.ARM_64 }),
  role,
  securityGroup: new SecurityGroup(stack, 'WebFirewall', { vpc }),
  requireImdsv2: true,
});
new AutoScalingGroup(stack, 'Web', {
  autoScalingGroupName: 'web',
  vpc,
  launchTemplate,
  minCapacity: 2,
  maxCapacity: 6,
});

const certferry = new Certferry(stack, 'Certferry', {
  runtime: 'host',
  network: { vpc }, // functions that probe reach the instances' private addresses
  sweepSchedule: Duration.hours(1),
});
role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore'));
role.addManagedPolicy(certferry.hostPolicy);

certferry.addCertificate({
  name: 'api.example.com',
  source: { kind: 'secretsmanager', secretId: 'certferry/api.example.com' },
  strategy: { waves: [1, '25%', '100%'], toleratedFailures: 0, onHalt: 'rollback' },
});
certferry.addTarget(
  Target.haproxy('web', {
    certificate: 'api.example.com',
    host: { autoScalingGroup: 'web' },
    pemPath: '/etc/haproxy/tls/api.example.com.pem',
    verify: { endpoint: '{host}:443', serverName: 'api.example.com' },
    autoHeal: true,
  }),
);
