import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Instance, InstanceType, type IVpc, MachineImage, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { sourceOf } from '../../cdk/registrations/sources.ts';
import { Target } from '../../cdk/target.ts';

function aStack() {
  const stack = new Stack(new App(), 'Certferry');
  return { stack, certferry: new Certferry(stack, 'Certferry', { runtime: 'host' }) };
}

describe('constructs as hosts and sources', () => {
  test('An instance as host is registered by its id, gets the tag of certferry, and its role may fetch the agent', () => {
    const { stack, certferry } = aStack();
    const host = new Instance(stack, 'Web', {
      vpc: new Vpc(stack, 'Vpc') as IVpc,
      instanceType: new InstanceType('t4g.small'),
      machineImage: MachineImage.latestAmazonLinux2023(),
    });
    certferry.addTarget(
      Target.nginx('web', {
        certificate: 'api.example.com',
        host,
        certPath: '/etc/nginx/tls/fullchain.pem',
        keyPath: '/etc/nginx/tls/privkey.pem',
        verify: { endpoint: '{host}:443', serverName: 'api.example.com' },
      }),
    );

    const template = Template.fromStack(stack);
    const id = stack.getLogicalId(host.node.defaultChild as never);
    template.hasResourceProperties('Custom::CertferryRegistry', { Values: [{ Ref: id }] });
    template.hasResourceProperties('AWS::EC2::Instance', {
      Tags: Match.arrayWith([{ Key: 'certferry', Value: 'true' }]),
    });
    const policy = Object.values(template.findResources('AWS::IAM::Role')).filter(
      ({ Properties }) =>
        JSON.stringify(Properties.AssumeRolePolicyDocument).includes('ec2.') &&
        JSON.stringify(Properties.ManagedPolicyArns ?? []).includes('HostPolicy'),
    );
    expect(policy).toHaveLength(1);
  });

  test('A secret as source may be read, and decrypted with its key, by the functions that read sources', () => {
    const { stack, certferry } = aStack();
    const secret = new Secret(stack, 'Bundle', { encryptionKey: new Key(stack, 'BundleKey') });
    certferry.addCertificate({ name: 'api.example.com', source: secret as ISecret });

    const arn = stack.resolve(secret.secretArn);
    const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    const reading = statements.filter(
      ({ Action, Resource }) =>
        Action === 'secretsmanager:GetSecretValue' && JSON.stringify(Resource) === JSON.stringify(arn),
    );
    const decrypting = statements.filter(
      ({ Action, Resource }) => Action === 'kms:Decrypt' && JSON.stringify(Resource).includes('BundleKey'),
    );
    expect(reading.length).toBeGreaterThan(0);
    expect(decrypting).toHaveLength(reading.length);
  });

  test('A secret that is imported by its name is registered by its name', () => {
    const secret = Secret.fromSecretNameV2(new Stack(), 'Bundle', 'certferry/api.example.com');

    expect(sourceOf(secret)).toEqual({ kind: 'secretsmanager', secretId: 'certferry/api.example.com' });
  });
});
