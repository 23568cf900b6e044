import { expect, test } from 'vitest';
import { DeploymentRequest } from '../../core/deployment/deployment.ts';
import { recordedResults } from '../../lambdas/rollout/collect-waves.ts';
import { fakeRolloutServices } from '../fakes/rollout-services.ts';
import { rawRequest } from '../fixtures/factories.ts';
import { idOf, install, rolloutId } from '../fixtures/rollout-state.ts';

const item = DeploymentRequest.parse(rawRequest({ target: { id: idOf(0) }, rollout: rolloutId }));

test.each([
  ['brought its version, where putting it back failed since', 'new', 'deployed'],
  ['failed, where the version before is there', 'old', 'rolled_back'],
])('A deployment of a wave without results has %s', async (_, version, outcome) => {
  const by = fakeRolloutServices();
  install(by, idOf(0), version, { rollout: rolloutId, outcome: 'rolled_back' });

  const results = await recordedResults(rolloutId, [item], by.installed);

  expect(results).toMatchObject([{ targetId: idOf(0), outcome }]);
});
