import { App, Stack } from 'aws-cdk-lib';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { compareFindings, explainedFindings } from './explained-findings.ts';
import { nagFindings } from './nag-findings.ts';
import { aStackWithStores } from './store-targets.ts';
import { aMemberApp, anApp, optionsWithResources, someArtefacts } from './synthesized.ts';

/** Our stack in the VPC of another stack, which is not part of the checks. */
function aNetworkedStack(): Stack {
  const app = new App();
  const vpc = new Vpc(new Stack(app, 'Network'), 'Vpc');
  const stack = new Stack(app, 'Certferry');
  new Certferry(stack, 'Certferry', {
    artefacts: someArtefacts(),
    runtime: 'host',
    network: { vpc: vpc as IVpc },
  });
  return stack;
}

test('docs/template-checks.md lists each finding of cdk-nag with the reason in the code, and no other', () => {
  const findings = [
    anApp().app,
    anApp(optionsWithResources).app,
    aMemberApp().app,
    aNetworkedStack(),
    aStackWithStores(new App()),
  ].flatMap(nagFindings);
  const rows = explainedFindings().filter(({ tool }) => tool === 'cdk-nag');

  expect(compareFindings(findings, rows)).toEqual({ unexplained: [], unused: [] });
});

test('A finding of cdk-nag without an acknowledgement has no reason', () => {
  const stack = new Stack(new App(), 'Careless');
  new Bucket(stack, 'Bucket');

  expect(nagFindings(stack)).toContainEqual({
    tool: 'cdk-nag',
    rule: 'AwsSolutions-S10',
    resource: 'AWS::S3::Bucket Bucket',
    reason: '',
  });
});
