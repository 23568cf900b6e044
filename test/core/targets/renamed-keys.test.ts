import { expect, test } from 'vitest';
import { StrategyOverrides } from '../../../core/registry/strategy.ts';
import { parseTargets } from '../../../core/registry/targets-file.ts';
import { problemLines } from '../../../core/targets/problems.ts';
import { aTargetInput } from './targets.ts';

test.each([
  ['vantage', 'probeFrom', 'host'],
  ['consecutive', 'successThreshold', 2],
])('An error about the previous key %s of verify names the new key %s.', (oldKey, newKey, value) => {
  const verify = { endpoint: '10.0.0.7:443', [oldKey]: value };
  const file = JSON.stringify({ targets: [aTargetInput({}, { verify })] });

  expect(() => parseTargets(file, 'targets.yaml')).toThrow(
    `targets[0].verify.${oldKey}: ${oldKey} was renamed: use ${newKey}`,
  );
});

test('An error about the previous value rollBackAll of onHalt names the new value.', () => {
  const input = { onHalt: 'rollBackAll' };
  const { error } = StrategyOverrides.safeParse(input);

  expect(problemLines({ schema: StrategyOverrides, input }, error?.issues ?? [])).toEqual([
    'onHalt: rollBackAll was renamed: use rollback',
  ]);
});

test('An old key is reported as unknown where its new key is unknown too.', () => {
  const file = JSON.stringify({ targets: [aTargetInput({ vantage: 'host' })] });

  expect(() => parseTargets(file, 'targets.yaml')).toThrow('vantage: unknown key');
});
