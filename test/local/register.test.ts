import { describe, expect, test } from 'vitest';
import { memberOf, RegisteredTarget } from '../../core/targets/registered.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { rolloutTo, secretOf, useFleets } from './fleet.ts';

const aFleet = useFleets();
const patient = { timeout: 600_000 };

describe('what is deployed to on this machine', () => {
  test(
    'The targets that were deployed to on this machine are swept one by one, until a rollout registers its own',
    patient,
    async () => {
      const { open, targets } = await aFleet(3);
      const [backend, version] = [await open(), await aVersion()];
      const [one, two, three] = targets as [RegisteredTarget, RegisteredTarget, RegisteredTarget];
      const swept = async () => (await backend.sweep()).targets.map(({ targetId }) => targetId).sort();

      await backend.register([one]);
      await backend.register([two]);
      const apart = await swept();
      await backend.rollout(rolloutTo(version, { targets: [two, three] }));
      const rolledOut = await swept();
      await backend.register([one]);

      expect(apart).toEqual(['web-1', 'web-2']);
      expect(rolledOut).toEqual(['web-2', 'web-3']);
      expect(await swept()).toEqual(['web-1', 'web-2', 'web-3']);
    },
  );

  test(
    'The targets that were deployed to on this machine are probed with their latest configuration and certificate',
    patient,
    async () => {
      const { open, targets } = await aFleet(1);
      const [backend, version] = [await open(), await aVersion()];
      const changed = targets.map((target) =>
        RegisteredTarget.parse({ ...target, certificate: 'other.example.test', verify: 'none' }),
      );
      await backend.register(targets);
      for (const registered of targets) {
        const target = memberOf(registered, { host: 'local-web-1', address: null });
        const [secret, { fingerprint }] = [secretOf(version), version];
        if (target !== null)
          await backend.deploy({ target, action: 'deploy', version: { secret, fingerprint } });
      }

      const before = await backend.sweep();
      await backend.register(changed);
      const after = await backend.sweep();

      expect(before.targets).toMatchObject([{ targetId: 'web-1', condition: 'ok' }]);
      expect(after.targets).toMatchObject([{ certificate: 'other.example.test', condition: 'not_probed' }]);
    },
  );

  test('What is deployed to on this machine is on hosts that this machine can find', patient, async () => {
    const { open, targets } = await aFleet(1);
    const backend = await open();
    const tagged = targets.map((target) =>
      RegisteredTarget.parse({ ...target, host: { tags: { role: 'web' } } }),
    );

    await expect(backend.register(tagged)).rejects.toMatchObject({ name: 'InvalidTarget' });
    expect((await backend.sweep()).targets).toEqual([]);
  });
});
