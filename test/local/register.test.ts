import { describe, expect, test } from 'vitest';
import { memberOf, RegisteredTarget } from '../../core/targets/registered.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { carrying, secretOf, useFleets } from './fleet.ts';

const aFleet = useFleets();
const patient = { timeout: 600_000 };

describe('what is deployed to on this machine', () => {
  test(
    'The targets that were deployed to on this machine are swept one by one, until a rollout registers its own',
    patient,
    async () => {
      const { open, targets } = await aFleet(3);
      const [ferry, version] = [await open(), await aVersion()];
      const [one, two, three] = targets as [RegisteredTarget, RegisteredTarget, RegisteredTarget];
      const swept = async () => (await ferry.sweep()).targets.map(({ targetId }) => targetId).sort();

      await ferry.register([one]);
      await ferry.register([two]);
      const apart = await swept();
      await ferry.rollout(carrying(version, { targets: [two, three] }));
      const rolledOut = await swept();
      await ferry.register([one]);

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
      const [ferry, version] = [await open(), await aVersion()];
      const changed = targets.map((target) =>
        RegisteredTarget.parse({ ...target, certificate: 'other.example.test', verify: 'none' }),
      );
      await ferry.register(targets);
      for (const registered of targets) {
        const target = memberOf(registered, { host: 'local-web-1', address: null });
        const [secret, { fingerprint }] = [secretOf(version), version];
        if (target !== null)
          await ferry.deploy({ target, action: 'deploy', version: { secret, fingerprint } });
      }

      const before = await ferry.sweep();
      await ferry.register(changed);
      const after = await ferry.sweep();

      expect(before.targets).toMatchObject([{ targetId: 'web-1', condition: 'ok' }]);
      expect(after.targets).toMatchObject([{ certificate: 'other.example.test', condition: 'not_probed' }]);
    },
  );

  test('What is deployed to on this machine is on hosts that this machine can find', patient, async () => {
    const { open, targets } = await aFleet(1);
    const ferry = await open();
    const tagged = targets.map((target) =>
      RegisteredTarget.parse({ ...target, host: { tags: { role: 'web' } } }),
    );

    await expect(ferry.register(tagged)).rejects.toMatchObject({ name: 'InvalidTarget' });
    expect((await ferry.sweep()).targets).toEqual([]);
  });
});
