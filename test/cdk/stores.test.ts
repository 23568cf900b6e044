// The memory kind must be in the table before the constructs read it.
import '../fixtures/memory-kind.ts';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { Certferry, type CertferryProps } from '../../cdk/certferry.ts';
import type { TargetInput } from '../../cdk/inputs/kind-types.ts';
import { allowedTo, resourcesOf, roleOf, theFunction } from './resources.ts';
import { here, on, through } from './statements.ts';
import { someArtefacts } from './synthesized.ts';

const senders = ['push-bundle', 'reconcile-command', 'roll-back'];

const memoryTarget = (host: string, token: object, id = 'store-1') =>
  ({
    id,
    certificate: 'api.example.com',
    host,
    kind: 'memory',
    config: { entry: 'api', token },
    verify: 'none',
  }) as unknown as TargetInput;

function synthesized(
  targets: (stack: Stack) => readonly TargetInput[],
  props: CertferryProps = {},
): Template {
  const stack = new Stack(new App(), 'Certferry');
  const options = { artefacts: someArtefacts(), runtime: 'host', ...props } as const;
  const certferry = new Certferry(stack, 'Certferry', options);
  for (const target of targets(stack)) certferry.addTarget(target);
  return Template.fromStack(stack);
}

/** The functions that have a statement with this action on this resource. */
function allowedOn(template: Template, action: string, resource: string): string[] {
  return resourcesOf(template, 'AWS::Lambda::Function')
    .map(({ properties }) => String(properties.FunctionName).replace('certferry-', ''))
    .filter((name) => !name.startsWith('CertferryF'))
    .filter((name) =>
      allowedTo(template, roleOf(theFunction(template, name))).some(
        ({ actions, resources }) => actions.includes(action) && resources.includes(resource),
      ),
    )
    .sort();
}

const secretArn = `arn:<Partition>:secretsmanager:${here}:secret:stores/token-??????`;
const readSecret = 'secretsmanager:GetSecretValue';

describe('the credentials of a target', () => {
  test('A target with host lambda grants its secret to the function that runs the agent, and to no other', () => {
    const template = synthesized(() => [memoryTarget('lambda', { secretId: 'stores/token' })]);

    expect(allowedOn(template, readSecret, secretArn)).toEqual(['run-agent']);
  });

  test('A target in a store on a host grants its secret to the three functions that send jobs', () => {
    const template = synthesized(() => [memoryTarget('i-0123456789abcdef0', { secretId: 'stores/token' })]);

    expect(allowedOn(template, readSecret, secretArn)).toEqual(senders);
  });

  test('A target grants exactly its parameter', () => {
    const template = synthesized(() => [memoryTarget('lambda', { parameter: '/stores/token' })]);

    const parameter = `arn:<Partition>:ssm:${here}:parameter/stores/token`;
    expect(allowedOn(template, 'ssm:GetParameter', parameter)).toEqual(['run-agent']);
  });

  test('A target grants the secret of the same stack by its ARN', () => {
    const template = synthesized((stack) => [
      memoryTarget('lambda', { secretId: new Secret(stack, 'Token').secretArn }),
    ]);

    expect(JSON.stringify(allowedTo(template, roleOf(theFunction(template, 'run-agent'))))).toMatch(
      /"secretsmanager:GetSecretValue"\],"resources":\["Token/,
    );
  });

  test('A target whose credential is a file is refused, because a function has no such file', () => {
    expect(() => synthesized(() => [memoryTarget('lambda', { file: '/etc/token' })])).toThrow(
      /config.token names a file, which only local mode reads/,
    );
  });

  test('The property credentials grants those of targets outside the stack, with the keys of all credentials', () => {
    const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/1';
    const credentials = {
      secretArns: ['arn:aws:secretsmanager:eu-west-1:111122223333:secret:f5-AbCdEf'],
      secretKeyArns: [keyArn],
    };
    const template = synthesized(() => [], { credentials });

    const [secret = ''] = credentials.secretArns;
    expect(allowedOn(template, readSecret, secret)).toEqual([
      ...senders.slice(0, 2),
      'roll-back',
      'run-agent',
    ]);
    expect(allowedTo(template, roleOf(theFunction(template, 'run-agent')))).toContainEqual(
      on(keyArn, ['kms:Decrypt'], through('secretsmanager')),
    );
  });
});

describe('the function that runs the agent', () => {
  test('A failed run is not repeated, and an event waits no longer than its command is valid', () => {
    const configs = resourcesOf(
      synthesized(() => []),
      'AWS::Lambda::EventInvokeConfig',
    );

    const agent = configs.filter(({ properties }) => JSON.stringify(properties).includes('RunAgent'));
    expect(agent.map(({ properties }) => properties)).toMatchObject([
      { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 120 },
    ]);
  });

  test('Only the functions that send jobs and probes may start a run', () => {
    const run = `arn:<Partition>:lambda:${here}:function:certferry-run-agent`;

    expect(
      allowedOn(
        synthesized(() => []),
        'lambda:InvokeFunction',
        run,
      ),
    ).toEqual(['probe-from-host', ...senders, 'sweep'].sort());
  });
});
