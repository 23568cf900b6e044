import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { nagFindings } from './nag-findings.ts';
import { allowedTo, resourcesOf, roleOf, theFunction } from './resources.ts';
import { here } from './statements.ts';
import { aStackWithStores, certificateArn } from './store-targets.ts';

const stack = aStackWithStores(new App());
const template = Template.fromStack(stack);
const allowed = (name: string) => allowedTo(template, roleOf(theFunction(template, name)));
const secret = (name: string) => `arn:<Partition>:secretsmanager:${here}:secret:${name}-??????`;

/** The resources on which a function may call this action, without those that need a tag. */
function named(name: string, action: string): string[] {
  return allowed(name)
    .filter(({ actions, condition }) => actions.includes(action) && condition === null)
    .flatMap(({ resources }) => resources)
    .sort();
}

test('The function that runs the agent may read exactly the secrets and parameters of targets with host lambda', () => {
  expect(named('run-agent', 'secretsmanager:GetSecretValue')).toEqual(
    ['stores/cluster', 'stores/f5', 'stores/ssh'].map(secret),
  );
  expect(named('run-agent', 'ssm:GetParameter')).toEqual([
    `arn:<Partition>:ssm:${here}:parameter/stores/passphrase`,
  ]);
});

test('Only the function that sends bundles may read the password of a keystore on a host', () => {
  const readers = resourcesOf(template, 'AWS::Lambda::Function')
    .map(({ properties }) => String(properties.FunctionName ?? '').replace('certferry-', ''))
    .filter(
      (name) =>
        name !== '' && named(name, 'secretsmanager:GetSecretValue').includes(secret('stores/keystore')),
    );

  expect(readers).toEqual(['push-bundle']);
});

test('A target of kind acm lets the agent replace exactly its certificate, and no other without a tag', () => {
  expect(named('run-agent', 'acm:ImportCertificate')).toEqual([certificateArn]);
  expect(named('run-agent', 'acm:DeleteCertificate')).toEqual([]);
});

test('The option agentNetwork moves only the function that runs the agent into the VPC', () => {
  const inVpc = resourcesOf(template, 'AWS::Lambda::Function').filter(
    ({ properties }) => properties.VpcConfig !== undefined,
  );

  expect(inVpc.map(({ properties }) => properties.FunctionName)).toEqual(['certferry-run-agent']);
});

test('The checks of AWS Solutions find nothing without a reason in a stack with targets in stores', () => {
  const findings = nagFindings(stack);

  expect(findings.length).toBeGreaterThan(0);
  expect(findings.filter(({ reason }) => reason === '')).toEqual([]);
});

test('The output AgentRoleArn is the role of the function that runs the agent', () => {
  const { Value } = template.findOutputs('AgentRoleArn').AgentRoleArn ?? {};

  expect(Value['Fn::GetAtt'][0]).toBe(roleOf(theFunction(template, 'run-agent')));
});
