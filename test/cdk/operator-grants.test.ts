import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { allowedTo } from './resources.ts';
import { someArtefacts } from './synthesized.ts';

/** What a role may do after `grantOperate`. */
function operatorStatements() {
  const stack = new Stack(new App(), 'Certferry');
  const role = new Role(stack, 'Pipeline', { assumedBy: new AccountRootPrincipal() });
  new Certferry(stack, 'Certferry', { runtime: 'host', artefacts: someArtefacts() }).grantOperate(role);
  return allowedTo(Template.fromStack(stack), stack.getLogicalId(role.node.defaultChild as never));
}

test('A role that may operate can use the services of the command line, and no other service', () => {
  const actions = operatorStatements().flatMap((statement) => statement.actions);
  for (const action of [
    'cloudformation:DescribeStacks',
    'dynamodb:PutItem',
    'dynamodb:Query',
    'kms:Decrypt',
    's3:GetObject*',
    'states:StartExecution',
    'states:GetExecutionHistory',
    'states:DescribeMapRun',
    'states:RedriveExecution',
    'states:SendTaskSuccess',
    'lambda:InvokeFunction',
  ]) {
    expect(actions).toContain(action);
  }
  const services = new Set(actions.map((action) => action.split(':')[0]));
  expect([...services].sort()).toEqual(['cloudformation', 'dynamodb', 'kms', 'lambda', 's3', 'states']);
});

test('A role that may operate reads the map runs and the deployments of rollouts', () => {
  const mapRuns = operatorStatements().find(({ actions }) => actions.includes('states:DescribeMapRun'));

  expect(mapRuns?.resources).toEqual([
    expect.stringMatching(/:execution:certferry-rollout\/\w+:\*$/),
    expect.stringMatching(/:mapRun:certferry-rollout\/\w+:\*$/),
  ]);
});
