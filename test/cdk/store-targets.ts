import type { App } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Certferry } from '../../cdk/certferry.ts';
import { Target } from '../../cdk/target.ts';
import { someArtefacts } from './synthesized.ts';

const certificate = 'www.example.com';
const endpoint = 'www.example.com:443';
const onFunction = { certificate, host: 'lambda', verify: { endpoint } } as const;

export const certificateArn =
  'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';

/** One target of each kind with credentials or without a host, and first imports of ACM. */
const targets = [
  Target.acm('alb', { ...onFunction, certificateArn }),
  Target.acm('new-alb', { ...onFunction, name: 'new-alb', region: 'eu-west-1' }),
  Target.k8sSecret('ingress', {
    ...onFunction,
    namespace: 'web',
    secret: 'www-tls',
    access: 'token',
    server: 'https://10.0.0.1:6443',
    token: { secretId: 'stores/cluster' },
  }),
  Target.ssh('appliance', {
    ...onFunction,
    address: '10.0.0.9',
    user: 'certferry',
    hostKey: 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
    privateKey: { secretId: 'stores/ssh', field: 'key' },
    passphrase: { parameter: '/stores/passphrase' },
    certPath: '/tls/fullchain.pem',
    keyPath: '/tls/privkey.pem',
  }),
  Target.f5('bigip', {
    ...onFunction,
    address: '10.0.0.7',
    username: 'certferry',
    password: { secretId: 'stores/f5' },
    profile: 'www-clientssl',
  }),
  Target.javaKeystore('tomcat', {
    certificate,
    host: { tags: { app: 'tomcat' } },
    verify: { endpoint: '{host}:8443', serverName: certificate, probeFrom: 'host' },
    keystorePath: '/etc/tomcat10/keystore.p12',
    alias: 'server',
    storePassword: { secretId: 'stores/keystore' },
    reload: 'none',
  }),
];

/** A stack with one target of each of these kinds. Its functions run in a VPC of another stack. */
export function aStackWithStores(app: App): Stack {
  const vpc = new Vpc(new Stack(app, 'Network'), 'Vpc') as IVpc;
  const stack = new Stack(app, 'Certferry');
  const certferry = new Certferry(stack, 'Certferry', {
    artefacts: someArtefacts(),
    runtime: 'host',
    agentNetwork: { vpc },
  });
  certferry.addCertificate({
    name: certificate,
    source: { kind: 'secretsmanager', secretId: 'certferry/www.example.com' },
  });
  for (const target of targets) certferry.addTarget(target);
  return stack;
}
