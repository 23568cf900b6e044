import { describe, expect, test } from 'vitest';
import { DeploymentRequest, DeploymentState } from '../../../core/deployment/deployment.ts';
import { deploymentOutcomes, outcomeMeanings } from '../../../core/deployment/outcome.ts';
import { tables } from '../../../core/deployment/tables.ts';
import { aTargetInput } from '../targets/targets.ts';

const version = {
  fingerprint: `sha256:${'ab'.repeat(32)}`,
  source: { kind: 'secretsmanager', secretId: 'certferry/api', versionId: 'v-1' },
};

describe('a request', () => {
  test('carries the defaults of its target', () => {
    const request = DeploymentRequest.parse({ target: aTargetInput(), action: 'deploy', version });

    expect(request.target.config.commandTimeoutSeconds).toBe(60);
  });

  test.each([
    ['a fingerprint in capitals', { version: { ...version, fingerprint: `sha256:${'AB'.repeat(32)}` } }],
    [
      'a version that is not pinned',
      { version: { ...version, source: { ...version.source, versionId: '' } } },
    ],
    ['a source of another kind', { version: { ...version, source: { kind: 'elsewhere' } } }],
    ['a key that nobody knows', { urgent: true }],
    ['the number 0', { requestNumber: 0 }],
  ])('is refused with %s', (_, wrong) => {
    const request = { target: aTargetInput(), action: 'deploy', version, ...wrong };

    expect(DeploymentRequest.safeParse(request).success).toBe(false);
  });
});

describe('what a Catch caught', () => {
  const { failure } = DeploymentState.shape;

  test('has an empty cause where Step Functions gives none', () => {
    expect(failure.parse({ Error: 'States.Timeout' })).toEqual({ Error: 'States.Timeout', Cause: '' });
    expect(failure.parse({ Error: 'LockHeld', Cause: 'why' })).toEqual({ Error: 'LockHeld', Cause: 'why' });
  });
});

describe('the outcomes', () => {
  test('need a person exactly where the host may serve something bad or nobody knows', () => {
    const unclear = deploymentOutcomes.filter((outcome) =>
      ['known bad', 'unknown'].includes(outcomeMeanings[outcome].hostState),
    );

    expect(deploymentOutcomes.filter((outcome) => outcomeMeanings[outcome].needsPerson)).toEqual(unclear);
  });
});

describe('the tables', () => {
  test('are told to functions by names that differ', () => {
    const variables = Object.values(tables).map(({ variable }) => variable);

    expect(new Set(variables).size).toBe(variables.length);
  });
});
