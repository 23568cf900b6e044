import { beforeEach, describe, expect, test } from 'vitest';
import { createHandler as nextWave } from '../../lambdas/handlers/rollout/next-wave.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { warmInvocation } from '../fakes/warming.ts';
import { aBegunState, execution, hostOf, withFleet } from '../fixtures/rollout-state.ts';

let by: FakeRolloutServices;
beforeEach(() => {
  by = fakeRolloutServices();
  withFleet(by, 20);
});

const next = () => nextWave(by)({ execution, state: aBegunState(by) });

describe('the hosts of a wave', () => {
  test('A wave of warm hosts sends no command and waits for none', async () => {
    const before = by.clock.now();

    const { wave } = await next();

    expect(by.warming.sent).toEqual([]);
    expect(by.clock.now()).toEqual(before);
    expect(wave.summary).toBe('wave 1 (1): 1 of 20 targets, 0 already reached');
  });

  test('A cold host of the wave fetches the agent before the wave, and hosts of later waves do not', async () => {
    for (const at of [0, 1, 2]) by.warming.cold.set(hostOf(at), warmInvocation());

    const { wave } = await next();

    expect(by.warming.sent).toEqual([{ host: hostOf(0), job: 'warm' }]);
    expect(wave).toMatchObject({ verdict: 'deploy', count: 1 });
    expect(wave.summary).toContain('; 1 host warmed');
    expect(by.sentMessages).toEqual([]);
  });

  test('A warmed host stays warm for the next plan', async () => {
    by.warming.cold.set(hostOf(0), warmInvocation());
    await next();

    const { wave } = await next();

    expect(by.warming.sent).toHaveLength(1);
    expect(wave.summary).not.toContain('warmed');
  });

  const anotherArchitecture =
    "certferry bootstrap: the runtime s3://assets/node does not run on this host. It is built for x86_64, and this host is aarch64. Use runtime 'host'.";
  const noexec =
    'certferry bootstrap: files in /var/lib/certferry/bin cannot be executed: the file system /var has the mount option noexec.';
  const failures = [
    ['cannot execute files', 'failed', () => failsWith(noexec), 'mount option noexec'],
    [
      'has another architecture than the runtime',
      'failed',
      () => failsWith(anotherArchitecture),
      'this host is aarch64',
    ],
    [
      'is offline',
      'offline',
      () => by.warming.offline.set(hostOf(0), 'its SSM Agent is ConnectionLost'),
      'ConnectionLost',
    ],
    ['does not end its fetch', 'pending', () => {}, 'has not reported the end of command'],
  ] as const;
  function failsWith(errors: string) {
    by.warming.cold.set(hostOf(0), { status: 'Failed', exitCode: 125, output: '', errors });
  }

  test.each(failures)(
    'A host that %s is reported with its reason before the wave starts',
    async (_, outcome, arrange, reason) => {
      by.warming.cold.set(hostOf(0), null);
      arrange();

      const { wave } = await next();

      const [message] = by.sentMessages;
      expect(message?.subject).toContain('1 host cannot start the agent yet');
      expect(message?.text).toContain(`- ${hostOf(0)} (${outcome}): `);
      expect(message?.text).toContain(reason);
      expect(wave.summary).toContain(`; 1 of 1 host not warm: ${hostOf(0)} (${outcome})`);
      expect(wave.verdict).toBe('deploy');
      expect(by.warming.saved).toEqual([]);
    },
  );

  test('Warming ends within the time of the state', async () => {
    by.warming.cold.set(hostOf(0), null);
    const before = by.clock.now().getTime();

    await next();

    expect(by.clock.now().getTime() - before).toBeLessThan(840_000);
  });

  test('Without the version of the agent, as in local mode, no host is warmed', async () => {
    by.warming.cold.set(hostOf(0), warmInvocation());

    await nextWave({ ...by, warming: { ...by.warming, agentVersion: undefined } })({
      execution,
      state: aBegunState(by),
    });

    expect(by.warming.sent).toEqual([]);
  });
});
