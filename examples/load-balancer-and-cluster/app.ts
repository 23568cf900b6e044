/**
 * Targets without a host: an Application Load Balancer with a certificate in ACM, and an ingress controller on EKS that reads a
 * Secret. A function of the stack changes both. It runs in the VPC, because the endpoint of the cluster is private.
 */
import { App, Stack } from 'aws-cdk-lib';
import { Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import {
  ApplicationListener,
  ApplicationListenerCertificate,
  ListenerCertificate,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Certferry, Target } from 'certferry/cdk';

const stack = new Stack(new App(), 'Certferry');
const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  // with a NAT gateway, or VPC endpoints: docs/install.md, "Targets without a host"
  privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
});
const agentSecurityGroup = new SecurityGroup(stack, 'Agent', { vpc });
const clusterSecurityGroup = SecurityGroup.fromSecurityGroupId(stack, 'Cluster', 'sg-0123456789abcdef0');
clusterSecurityGroup.addIngressRule(agentSecurityGroup, Port.HTTPS, 'certferry changes Secrets');

const certferry = new Certferry(stack, 'Certferry', {
  runtime: 'host',
  agentNetwork: { vpc, securityGroups: [agentSecurityGroup] },
});
certferry.addCertificate({
  name: 'shop.example.com',
  source: { kind: 'secretsmanager', secretId: 'certferry/shop.example.com' },
});

// a certificate that was imported into ACM once; the listener keeps its ARN in every renewal
const certificateArn =
  'arn:aws:acm:eu-central-1:111122223333:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';
new ApplicationListenerCertificate(stack, 'ListenerCertificate', {
  listener: ApplicationListener.fromApplicationListenerAttributes(stack, 'Listener', {
    listenerArn:
      'arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/shop/0123456789abcdef/0123456789abcdef',
    securityGroup: SecurityGroup.fromSecurityGroupId(stack, 'LoadBalancer', 'sg-0123456789abcdef1'),
    defaultPort: 443,
  }),
  certificates: [ListenerCertificate.fromArn(certificateArn)],
});
certferry.addTarget(
  Target.acm('shop-alb', {
    certificate: 'shop.example.com',
    host: 'lambda',
    certificateArn,
    verify: {
      endpoint: 'shop-1234567890.eu-central-1.elb.amazonaws.com:443',
      serverName: 'shop.example.com',
    },
  }),
);

// docs/targets/k8ssecret.md, "Permissions": bind the role that `certferry schema k8ssecret --rbac` prints to this group
new CfnAccessEntry(stack, 'ClusterAccess', {
  clusterName: 'shop',
  principalArn: certferry.agentRole.roleArn,
  kubernetesGroups: ['certferry'],
});
certferry.addTarget(
  Target.k8sSecret('shop-ingress', {
    certificate: 'shop.example.com',
    host: 'lambda',
    namespace: 'web',
    secret: 'shop-tls',
    access: 'eks',
    cluster: 'shop',
    region: 'eu-central-1',
    // aws eks describe-cluster prints both; for a cluster of the same app, use its attributes
    server: 'https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com',
    ca: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJvekNDQVVxZ0F3SUJBZ0lVQmhxdkRNM2F1M3hPU2VBQjMvN0lqSXA=',
    // the address of the ingress controller; only the VPC reaches it
    verify: { endpoint: 'ingress.shop.internal:443', serverName: 'shop.example.com', probeFrom: 'host' },
  }),
);
