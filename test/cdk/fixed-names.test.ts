import { App, Stack, Stage } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { CertferryMember } from '../../cdk/member.ts';
import { testKey } from '../fixtures/signed-jobs.ts';
import { someArtefacts } from './synthesized.ts';

const artefacts = someArtefacts();
const [one, other] = ['111122223333', '222233334444'];

const certferryIn = (stack: Stack) => new Certferry(stack, 'Certferry', { artefacts, runtime: 'host' });

const memberIn = (stack: Stack, props = {}) =>
  new CertferryMember(stack, 'Certferry', {
    main: { account: one, region: 'eu-central-1' },
    jobKeys: testKey.publicKeys,
    artefacts,
    runtime: 'host',
    ...props,
  });

describe('two stacks of one app', () => {
  test('A second stack in the same account and region is refused with both paths and the reason', () => {
    const app = new App();
    const env = { account: one, region: 'eu-west-1' };
    certferryIn(new Stack(app, 'First', { env }));

    expect(() => certferryIn(new Stack(app, 'Second', { env }))).toThrow(
      'First/Certferry and Second/Certferry would both create the SSM document certferry-agent and other resources with fixed names in one region (111122223333/eu-west-1). Register all certificates and targets on one Certferry construct.',
    );
  });

  test('A second stack in the same account and region is refused in another stage too', () => {
    const app = new App();
    const env = { account: one, region: 'eu-west-1' };
    certferryIn(new Stack(new Stage(app, 'Blue', { env }), 'Stack'));

    expect(() => certferryIn(new Stack(new Stage(app, 'Green', { env }), 'Stack'))).toThrow(
      'Blue/Stack/Certferry and Green/Stack/Certferry would both create',
    );
  });

  test('Two stacks without an account and region are refused with the advice to set them', () => {
    const app = new App();
    certferryIn(new Stack(app, 'First'));

    expect(() => certferryIn(new Stack(app, 'Second'))).toThrow(
      'Give each stack an `env` with account and region, so that they differ.',
    );
  });

  test('Stacks in two regions, in two accounts and in two apps are accepted', () => {
    const app = new App();
    certferryIn(new Stack(app, 'A', { env: { account: one, region: 'eu-west-1' } }));
    certferryIn(new Stack(app, 'B', { env: { account: one, region: 'eu-central-1' } }));
    certferryIn(new Stack(app, 'C', { env: { account: other, region: 'eu-west-1' } }));
    certferryIn(new Stack(new App(), 'A', { env: { account: one, region: 'eu-west-1' } }));
  });
});

describe('member stacks of one app', () => {
  test('A member beside the main stack in one region is refused: both create the documents', () => {
    const app = new App();
    const env = { account: one, region: 'eu-central-1' };
    certferryIn(new Stack(app, 'Main', { env }));

    expect(() => memberIn(new Stack(app, 'Member', { env }))).toThrow(
      'A region has either a Certferry or one CertferryMember.',
    );
  });

  test('A second member in one account is refused unless it creates no role', () => {
    const app = new App();
    const stack = (region: string) => new Stack(app, region, { env: { account: other, region } });
    memberIn(stack('eu-west-1'));
    memberIn(stack('eu-west-2'), { createRole: false });

    expect(() => memberIn(stack('eu-west-3'))).toThrow(
      'would both create the role certferry-runner in one account (222233334444). Set `createRole: false` on all but one CertferryMember of an account.',
    );
  });
});
