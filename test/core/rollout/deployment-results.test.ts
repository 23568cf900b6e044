import { describe, expect, test } from 'vitest';
import {
  isHostStateUnknown,
  mergeResults,
  type Result,
  resultPerTarget,
} from '../../../core/rollout/deployment-results.ts';

const result = (outcome: string, status = 'SUCCEEDED', targetId = 'web'): Result => ({
  targetId,
  status,
  outcome,
  summary: `it is ${outcome}`,
});
const brokenOff = result('ABORTED', 'ABORTED');

describe('several attempts at one target', () => {
  test('Several attempts at one target end as the last of them', () => {
    expect(mergeResults(undefined, result('unchanged')).outcome).toBe('unchanged');
    expect(mergeResults(result('rolled_back', 'FAILED'), result('deployed')).outcome).toBe('deployed');
    expect(mergeResults(result('rolled_back', 'FAILED'), result('unchanged')).outcome).toBe('unchanged');
    expect(mergeResults(brokenOff, result('rolled_back', 'FAILED')).outcome).toBe('rolled_back');
  });

  test('Several attempts at one target have deployed what one that broke off, or was lost, left and the next found unchanged', () => {
    for (const before of [brokenOff, result('lost', 'FAILED'), result('deployed')]) {
      expect(mergeResults(before, result('unchanged'))).toEqual({
        ...result('unchanged'),
        outcome: 'deployed',
      });
    }
  });

  test('Several attempts at one target end as the one before one that was skipped', () => {
    expect(mergeResults(brokenOff, result('skipped'))).toBe(brokenOff);
  });

  test('Several attempts at one target are one result of their wave', () => {
    const found = [brokenOff, result('deployed', 'SUCCEEDED', 'api'), result('unchanged')];

    const each = resultPerTarget(['web', 'api'], found, (id) => result('lost', 'FAILED', id));

    expect(each.map(({ targetId, outcome }) => [targetId, outcome])).toEqual([
      ['web', 'deployed'],
      ['api', 'deployed'],
    ]);
  });
});

describe('the results of a wave', () => {
  test('The results of a wave are one for each deployment, in their order', () => {
    const found = [
      result('lost', 'SUCCEEDED', 'b'),
      result('deployed', 'SUCCEEDED', 'a'),
      result('States.Timeout', 'SUCCEEDED', ''),
      result('deployed', 'SUCCEEDED', 'x'),
    ];

    const each = resultPerTarget(['a', 'b', 'c'], found, (id) => result('lost', 'FAILED', id));

    expect(each.map(({ targetId, outcome }) => [targetId, outcome])).toEqual([
      ['a', 'deployed'],
      ['b', 'lost'],
      ['c', 'lost'],
    ]);
  });
});

test('The state of a host is known after a rollback that is not verified, because the previous files are restored', () => {
  expect(isHostStateUnknown(result('rolled_back_unverified', 'FAILED'))).toBe(false);
  expect(isHostStateUnknown(result('rollback_failed', 'FAILED'))).toBe(true);
});
