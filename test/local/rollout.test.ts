import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import type { LocalMessage } from '../../local/aws/sns.ts';
import { aVersion } from '../fixtures/certificates.ts';
import {
  appliedSince,
  commandsOf,
  readUntil,
  rolloutTo,
  secretOf,
  served,
  spawnRollout,
  useFleets,
} from './fleet.ts';
import { filesUnder, needlesOf } from './needles.ts';
import { scratch } from './scratch.ts';
import { makeStuck } from './served-target.ts';

const aFleet = useFleets();
const patient = { timeout: 600_000 };
const waves = [1, '50%', '100%'];

describe('a rollout on this machine', () => {
  test(
    'A rollout on this machine reaches every host in waves, and a tolerated failure is rolled back alone',
    patient,
    async () => {
      const fleet = await aFleet(6);
      const { backend, first } = await fleet.openServing();
      const second = await aVersion();
      const stuck = fleet.servers[2];
      if (stuck !== undefined) makeStuck(stuck);
      const entered: (string | undefined)[] = [];

      const end = await backend.rollout(
        rolloutTo(second, { targets: fleet.targets, strategy: { waves, toleratedFailures: 1 } }),
        { onEvent: ({ type, state }) => type === 'StateEntered' && entered.push(state?.name) },
      );

      expect(end).toMatchObject({
        status: 'SUCCEEDED',
        output: { outcome: 'finished_with_failures', total: 6, waves: 3 },
      });
      expect(end.waves.map(({ results }) => results.length)).toEqual([1, 2, 3]);
      const other = { '2': first.fingerprint };
      expect(await served(fleet)).toEqual(Object.assign(Array(6).fill(second.fingerprint), other));
      expect(entered.filter((state) => state === 'DeployWave')).toHaveLength(3);
      expect((await backend.rollouts())[0]).toMatchObject({ id: end.id, status: 'ended', failures: 1 });
    },
  );

  test(
    'A rollout on this machine is halted by a failure that is not tolerated, and everything is rolled back and verified',
    patient,
    async () => {
      const fleet = await aFleet(6);
      const { backend, first } = await fleet.openServing();
      const stuck = fleet.servers[2];
      if (stuck !== undefined) makeStuck(stuck);

      const end = await backend.rollout(
        rolloutTo(await aVersion(), { targets: fleet.targets, strategy: { waves, onHalt: 'rollback' } }),
      );

      expect(end).toMatchObject({
        status: 'FAILED',
        error: 'rolled_back',
        output: { outcome: 'rolled_back' },
      });
      expect(await served(fleet)).toEqual(Array(6).fill(first.fingerprint));
      const changed = end.waves
        .filter(({ direction }) => direction === 'rollback')
        .flatMap(({ results }) => results);
      expect(changed.map(({ outcome }) => outcome)).toEqual(changed.map(() => 'deployed'));
      expect(changed.length).toBeGreaterThan(0);
    },
  );

  test(
    'A rollout on this machine continues after a halt with the remaining targets when it is resumed',
    patient,
    async () => {
      const fleet = await aFleet(4);
      const { backend } = await fleet.openServing();
      const second = await aVersion();
      const before = commandsOf(fleet.stateDir);
      const [, stuck] = fleet.servers;
      if (stuck !== undefined) makeStuck(stuck);
      const halted = await backend.rollout(
        rolloutTo(second, { targets: fleet.targets, strategy: { waves: [2, '100%'] } }),
      );
      if (stuck !== undefined) rmSync(stuck.stuckPath);

      const end = await backend.resume(halted.id, secretOf(second));

      expect(halted).toMatchObject({
        status: 'FAILED',
        error: 'RolloutHalted',
        output: { outcome: 'halted' },
      });
      expect(end).toMatchObject({ id: halted.id, status: 'SUCCEEDED', output: { outcome: 'finished' } });
      expect(await served(fleet)).toEqual(Array(4).fill(second.fingerprint));
      expect(appliedSince(fleet.stateDir, before)).toEqual({
        'web-1': 1,
        'web-2': 2,
        'web-3': 1,
        'web-4': 1,
      });
    },
  );

  test(
    'A rollout on this machine whose process is killed in the middle of a wave is resumed by another, and nothing is deployed twice',
    patient,
    async () => {
      const fleet = await aFleet(6);
      const { backend } = await fleet.openServing();
      const second = await aVersion();
      const before = commandsOf(fleet.stateDir);
      const gate = join(scratch(), 'gate');
      // the agents of the last three hosts wait in their check until the gate opens
      const validateCommand = ['sh', '-c', `while [ ! -e ${gate} ]; do sleep 0.05; done`];
      const targets = fleet.targets.map((target, index) =>
        index < 3
          ? target
          : RegisteredTarget.parse({ ...target, config: { ...target.config, validateCommand } }),
      );
      const wish = rolloutTo(second, { targets, strategy: { waves: [1, '100%'] } });
      const child = spawnRollout(fleet.stateDir, wish);
      const said = await readUntil(
        child,
        /(?=[\s\S]*web-2 Deployed)(?=[\s\S]*web-3 Deployed)(?=[\s\S]*web-4 PushBundle)(?=[\s\S]*web-6 PushBundle)/,
      );
      const id = /^started (.*)$/.exec(said.find((line) => line.startsWith('started')) ?? '')?.[1] ?? '';
      await untilStarted(fleet.stateDir, before, 6);

      child.kill('SIGKILL');
      await once(child, 'exit');
      writeFileSync(gate, '');
      const end = await backend.resume(id, secretOf(second));

      expect(end).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'finished' } });
      expect(await served(fleet)).toEqual(Array(6).fill(second.fingerprint));
      expect(appliedSince(fleet.stateDir, before)).toEqual(
        Object.fromEntries(targets.map(({ id: targetId }) => [targetId, 1])),
      );
    },
  );

  test(
    'A rollout on this machine asks after a wave, and is answered by another process',
    patient,
    async () => {
      const fleet = await aFleet(2);
      const { backend } = await fleet.openServing();
      const second = await aVersion();
      const strategy = { waves: [1, '100%'], approvalAfterWave: 1 };
      const child = spawnRollout(fleet.stateDir, rolloutTo(second, { targets: fleet.targets, strategy }));
      const exited = once(child, 'exit');
      const said = await readUntil(child, /rollout AwaitApproval/);
      const id = /^started (.*)$/.exec(said.find((line) => line.startsWith('started')) ?? '')?.[1] ?? '';
      const answer = { verdict: 'approved', by: 'somebody' } as const;
      while (!(await backend.decide(id, answer))) await sleep(50);

      const rest = await readUntil(child, /ended/);
      await exited;

      expect(rest.at(-1)).toBe('ended finished');
      expect(await served(fleet)).toEqual(Array(2).fill(second.fingerprint));
      expect(await backend.decide(id, answer)).toBe(false);
    },
  );

  test(
    'A rollout on this machine is halted by an operator: running deployments finish, no other begins, and operators are notified',
    patient,
    async () => {
      const fleet = await aFleet(3);
      await fleet.openServing();
      const messages: LocalMessage[] = [];
      const backend = await fleet.open({ deploymentsAtOnce: 1, onMessage: (one) => messages.push(one) });
      const second = await aVersion();
      let id = '';
      const halting: Promise<boolean>[] = [];

      const end = await backend.rollout(
        rolloutTo(second, { targets: fleet.targets, strategy: { waves: ['100%'] } }),
        {
          onStart: (begun) => {
            id = begun;
          },
          onDeploymentEvent: (_, { type }) => {
            if (type === 'StateEntered' && halting.length === 0) halting.push(backend.halt(id, 'stop it'));
          },
        },
      );

      expect(await Promise.all(halting)).toEqual([true]);
      expect(end).toMatchObject({ status: 'FAILED', output: { outcome: 'halted' } });
      expect(end.waves.flatMap(({ results }) => results.map(({ outcome }) => outcome)).slice(1)).toEqual(
        Array(2).fill('skipped'),
      );
      expect(messages.map(({ subject }) => subject).join()).toMatch(/halted/i);
      expect(await backend.halt('nobody', 'stop it')).toBe(false);
    },
  );

  test('A rollout on this machine leaves the private key on the hosts alone', patient, async () => {
    const fleet = await aFleet(2);
    const { backend, first } = await fleet.openServing();
    const stuck = fleet.servers[1];
    if (stuck !== undefined) makeStuck(stuck);
    const second = await aVersion();
    await backend.rollout(rolloutTo(second, { targets: fleet.targets, strategy: { onHalt: 'rollback' } }));
    await backend.close();

    const needles = [first, second].flatMap(({ keyPem }) => needlesOf(keyPem));
    const found = filesUnder(fleet.stateDir).filter((path) => {
      const bytes = readFileSync(path);
      return needles.some((needle) => bytes.includes(needle));
    });

    expect(found.filter((path) => !path.startsWith(join(fleet.stateDir, 'hosts/')))).toEqual([]);
    expect(found.length).toBeGreaterThan(0);
  });

  test('A rollout on this machine of a version that was rolled out is not run again', patient, async () => {
    const fleet = await aFleet(1);
    const { backend, first } = await fleet.openServing();

    const again = await backend.rollout(rolloutTo(first, { targets: fleet.targets }));

    expect(again).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'already_rolled_out', fingerprint: first.fingerprint },
      waves: [],
    });
  });

  test(
    'A rollout on this machine refuses hosts that this machine cannot find, and resuming what cannot be',
    patient,
    async () => {
      const fleet = await aFleet(1);
      const { backend, first } = await fleet.openServing();
      const [target] = fleet.targets;
      const tagged = RegisteredTarget.parse({ ...target, host: { tags: { role: 'web' } } });
      const [done] = await backend.rollouts();

      await expect(backend.rollout(rolloutTo(first, { targets: [tagged] }))).rejects.toMatchObject({
        name: 'InvalidTarget',
      });
      await expect(backend.resume(done?.id ?? '', null)).rejects.toMatchObject({ name: 'InvalidRequest' });
      await expect(backend.resume('nobody', null)).rejects.toMatchObject({ name: 'InvalidRequest' });
    },
  );

  test(
    'A rollout on this machine is covered by the sweep, which reports what every target serves',
    patient,
    async () => {
      const fleet = await aFleet(2);
      const { backend } = await fleet.openServing();

      const swept = await backend.sweep();

      expect(
        swept.targets.map(({ targetId, condition, healing }) => [targetId, condition, healing]).sort(),
      ).toEqual([
        ['web-1', 'ok', false],
        ['web-2', 'ok', false],
      ]);
    },
  );
});

/** Waits until so many commands have come to the hosts since, and all have started. */
async function untilStarted(stateDir: string, before: ReadonlySet<string>, commands: number): Promise<void> {
  const started = (id: string) => {
    const file = join(stateDir, 'commands', id, 'command.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).startedAt !== null;
  };
  for (;;) {
    const ids = [...commandsOf(stateDir)].filter((id) => !before.has(id));
    if (ids.length >= commands && ids.every(started)) return;
    await sleep(20);
  }
}
