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
  test('A request carries the defaults of its target', () => {
    const request = DeploymentRequest.parse({ target: aTargetInput(), action: 'deploy', version });

    expect(request.target.config).toMatchObject({ commandTimeoutSeconds: 60 });
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
  ])('A request is refused with %s', (_, wrong) => {
    const request = { target: aTargetInput(), action: 'deploy', version, ...wrong };

    expect(DeploymentRequest.safeParse(request).success).toBe(false);
  });
});

describe('what a Catch caught', () => {
  const { failure } = DeploymentState.shape;

  test('What a Catch caught has an empty cause where Step Functions gives none', () => {
    expect(failure.parse({ Error: 'States.Timeout' })).toEqual({ Error: 'States.Timeout', Cause: '' });
    expect(failure.parse({ Error: 'LockHeld', Cause: 'why' })).toEqual({ Error: 'LockHeld', Cause: 'why' });
  });
});

describe('the outcomes', () => {
  test('An outcome needs attention exactly if the host may serve a wrong certificate, if its state is unknown, or if a probe was required and is missing', () => {
    const unclear = deploymentOutcomes.filter(
      (outcome) =>
        outcome === 'rolled_back_unverified' ||
        outcome === 'deployed_unprobed' ||
        ['known bad', 'unknown'].includes(outcomeMeanings[outcome].hostState),
    );

    expect(deploymentOutcomes.filter((outcome) => outcomeMeanings[outcome].needsAttention)).toEqual(unclear);
  });
});

describe('the tables', () => {
  test('Functions get the tables by distinct names', () => {
    const variables = Object.values(tables).map(({ variable }) => variable);

    expect(new Set(variables).size).toBe(variables.length);
  });
});
