import { describe, expect, test } from 'vitest';
import type { DeploymentState } from '../../core/deployment/deployment.ts';
import { FinalState, outcomeOf, RecordingPath } from '../../lambdas/recording/deployment-outcome.ts';
import { facts, fingerprint } from '../fixtures/factories.ts';
import { probeResult, pushResult } from '../fixtures/results.ts';

const repair = { files: [{ path: '/etc/x.pem', backup: '/var/b/x.pem' }], commands: ['cp a b'] };
const notYet = probeResult({ verdict: 'retry', attempt: 0, summary: 'not probed yet' });
const lambdaFailure = (name: string) => ({
  Error: name,
  Cause: JSON.stringify({ errorType: name, errorMessage: `why ${name}`, trace: [] }),
});

function ending(path: RecordingPath, known: Partial<DeploymentState> & { probeFrom?: string } = {}) {
  const state = FinalState.parse({ probe: notYet, restored: notYet, ...known });
  const deployment = { probeFrom: known.probeFrom ?? 'lambda' } as FinalState['deployment'];
  return outcomeOf(path, { ...state, deployment });
}

describe('how a deployment ended', () => {
  test.each<[string, RecordingPath, Partial<DeploymentState> & { probeFrom?: string }, object]>([
    [
      'applied and seen',
      'committed',
      { push: pushResult({ outcome: 'applied' }), probe: probeResult({ verdict: 'verified' }) },
      { outcome: 'deployed', summary: 'the host said applied; seen' },
    ],
    [
      'applied, and nobody looked',
      'committed',
      { push: pushResult({ outcome: 'applied' }), probeFrom: 'none' },
      { outcome: 'deployed_unverified', summary: expect.stringContaining('not verified') },
    ],
    [
      'every byte there',
      'committed',
      { push: pushResult({ outcome: 'unchanged' }) },
      { outcome: 'unchanged' },
    ],
    ['a dry run', 'validated', { push: pushResult({ outcome: 'validated' }) }, { outcome: 'validated' }],
    [
      'a dry run without a check',
      'validated',
      { push: pushResult({ outcome: 'validate_unsupported' }) },
      { outcome: 'validate_unsupported' },
    ],
    [
      'overtaken',
      'superseded',
      { failure: lambdaFailure('Superseded') },
      { outcome: 'superseded', summary: 'Superseded: why Superseded' },
    ],
    [
      'refused by the host',
      'failed',
      { push: pushResult({ outcome: 'rejected', reason: 'StaleFence' }) },
      { outcome: 'rejected', reason: 'StaleFence' },
    ],
    [
      'refused by the daemon',
      'failed',
      { push: pushResult({ outcome: 'validate_failed' }) },
      { outcome: 'validate_failed' },
    ],
    [
      'not reloaded',
      'failed',
      { push: pushResult({ outcome: 'reload_failed' }) },
      { outcome: 'reload_failed' },
    ],
    [
      'refused by the host after its first answer was lost',
      'failed',
      { push: pushResult({ outcome: 'reload_failed' }), failure: { Error: 'States.Timeout', Cause: '' } },
      { outcome: 'reload_failed' },
    ],
    [
      'without its source',
      'failed',
      { failure: lambdaFailure('SourceUnavailable') },
      {
        outcome: 'rejected',
        reason: 'SourceUnavailable',
        summary: 'SourceUnavailable: why SourceUnavailable',
      },
    ],
    [
      'not deliverable',
      'failed',
      { failure: lambdaFailure('CommandUndeliverable') },
      { outcome: 'lost', reason: 'CommandUndeliverable' },
    ],
    [
      'with a request that cannot be read',
      'failed',
      { failure: lambdaFailure('InvalidTarget') },
      { outcome: 'rejected', reason: 'InvalidTarget' },
    ],
    [
      'with a cause that is plain text',
      'failed',
      { failure: { Error: 'AccessDenied', Cause: 'no rights' } },
      { outcome: 'rejected', summary: 'AccessDenied: no rights' },
    ],
    [
      'without a word',
      'lost',
      { push: pushResult({ outcome: 'lost', reason: 'HostLost', summary: 'killed' }) },
      { outcome: 'lost', reason: 'HostLost', summary: 'killed' },
    ],
    [
      'without a word in time',
      'lost',
      { failure: { Error: 'States.Timeout', Cause: '' } },
      { outcome: 'lost', reason: 'States.Timeout', summary: 'States.Timeout: the state timed out' },
    ],
    [
      'undone',
      'rolled_back',
      {
        push: pushResult({ outcome: 'applied', warnings: ['w1'] }),
        probe: probeResult({ summary: 'still the old leaf' }),
        rollback: pushResult({ outcome: 'restored', warnings: ['w2'], summary: 'old files back' }),
        restored: probeResult({ verdict: 'verified', attempt: 1, summary: 'old leaf seen' }),
      },
      {
        outcome: 'rolled_back',
        reason: 'ProbeFailed',
        summary: 'still the old leaf; old files back; after the rollback: old leaf seen',
        warnings: ['w1', 'w2'],
      },
    ],
    [
      'undone after a reload without effect',
      'rolled_back',
      {
        push: pushResult({
          outcome: 'applied',
          version: facts('new'),
          previousVersion: facts('old'),
          baseline: {
            from: 'lambda',
            addresses: [{ address: 'x:443', fingerprint: fingerprint('old'), problem: null }],
          },
        }),
        probe: probeResult({
          summary: 'serves the old leaf',
          observations: [
            { address: 'x:443', fingerprint: fingerprint('old'), ok: false, problem: 'not the new one' },
          ],
        }),
        rollback: pushResult({ outcome: 'restored', summary: 'old files back' }),
        restored: notYet,
      },
      {
        outcome: 'rolled_back',
        summary:
          'serves the old leaf; the endpoint still serves the previous version; the reload had no effect; old files back',
      },
    ],
    [
      'undone after the probe itself failed',
      'rolled_back',
      { failure: lambdaFailure('ProbeFailed'), rollback: pushResult({ outcome: 'restored' }) },
      { outcome: 'rolled_back', summary: 'ProbeFailed: why ProbeFailed; the host said restored' },
    ],
    [
      'not restorable on the host',
      'rollback_failed',
      { push: pushResult({ outcome: 'rollback_failed', reason: 'RestoreFailed', repair }) },
      { outcome: 'rollback_failed', reason: 'RestoreFailed', repair },
    ],
    [
      'not undone',
      'rollback_failed',
      {
        probe: probeResult({ summary: 'stuck' }),
        rollback: pushResult({ outcome: 'rollback_failed', reason: 'RestoreFailed', repair }),
      },
      {
        outcome: 'rollback_failed',
        repair,
        summary:
          'stuck; the host said rollback_failed; on the host, run: cp a b; the previous /etc/x.pem is kept as /var/b/x.pem',
      },
    ],
    [
      'not undone because nobody answered',
      'rollback_failed',
      { probe: probeResult({ summary: 'stuck' }), failure: { Error: 'States.Timeout', Cause: '' } },
      {
        outcome: 'rollback_failed',
        reason: 'States.Timeout',
        summary: 'stuck; the host did not confirm the rollback; States.Timeout: the state timed out',
      },
    ],
    [
      'undone but not seen',
      'rolled_back_unverified',
      {
        probe: probeResult({ summary: 'stuck' }),
        rollback: pushResult({ outcome: 'restored' }),
        restored: probeResult({ summary: 'still stuck' }),
      },
      {
        outcome: 'rolled_back_unverified',
        reason: 'ProbeFailed',
        summary: 'stuck; the host said restored; after the rollback: still stuck',
        repair: null,
      },
    ],
    [
      'undone but not seen by its host',
      'rolled_back_unverified',
      {
        probe: probeResult({ summary: 'stuck' }),
        rollback: pushResult({ outcome: 'restored', served: false }),
        restored: notYet,
      },
      {
        outcome: 'rolled_back_unverified',
        reason: 'ProbeFailed',
        summary:
          'stuck; the host said restored; after the rollback: the host does not get the previous leaf from the endpoint',
      },
    ],
  ])('%s', (_, path, state, expected) => {
    expect(ending(path, state)).toMatchObject(expected);
  });

  test('The outcome of a deployment has a summary on every path, even if the state is empty', () => {
    for (const path of RecordingPath.options)
      expect(outcomeOf(path, FinalState.parse({})).summary).not.toBe('');
  });

  test('How a deployment ended knows an error of Step Functions that comes without a cause', () => {
    const state = FinalState.parse({ failure: { Error: 'States.Timeout' } });

    expect(outcomeOf('lost', state)).toMatchObject({
      reason: 'States.Timeout',
      summary: 'States.Timeout: the state timed out',
    });
    expect(outcomeOf('lost', FinalState.parse({ failure: { Error: 'States.Runtime' } }))).toMatchObject({
      reason: 'States.Runtime',
      summary: 'States.Runtime',
    });
  });

  test('How a deployment ended reads a state that is only partly what it should be, field by field', () => {
    const push = pushResult({
      outcome: 'rejected',
      version: { ...facts('new'), fingerprint: fingerprint('x') },
    });

    expect(FinalState.parse({ push, probe: 7, deployment: { id: 1 } })).toMatchObject({
      push,
      probe: null,
      deployment: null,
    });
  });
});
