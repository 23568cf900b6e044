// What hosts say is scripted here; test/local/sweep-from-hosts.test.ts has the agent say it.
import { beforeAll, describe, expect, test } from 'vitest';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { createHandler } from '../../lambdas/handlers/events/sweep.ts';
import { versionOf } from '../core/tls-probe/endpoints.ts';
import { aMailTarget, hostsSee, jobOf, serves } from '../fakes/scripted-hosts.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { aSweptCertificate, hostA, hostB } from '../fixtures/sweep.ts';
import { useWorld, type World } from '../fixtures/world.ts';

let own: ReturnType<typeof aSweptCertificate>;
let others: World;
useWorld((made, tables) => {
  others = made;
  own = aSweptCertificate(tables.documents);
});

let current: IssuedCertificate;
let strange: IssuedCertificate;
beforeAll(async () => {
  [current, strange] = [await aVersion(), await aVersion()];
});

/** A target on hostA, deployed to, that only its host can look at. */
const mail = (name: string, changes: object = {}) => aMailTarget(own, name, { version: current, ...changes });

async function onlyOne(world: ReturnType<typeof own.sweeping>) {
  const { targets } = await world.sweep();
  expect(targets).toHaveLength(1);
  return targets[0];
}

describe('a sweep of a target that only its host can probe', () => {
  test('A sweep of a target that only its host can probe reports the probe of the host, and heals the target like any other', async () => {
    const [ok, drifted, quiet, broken, closed] = [
      await mail('ok'),
      await mail('drifted'),
      await mail('quiet', { autoHeal: false }),
      await mail('broken', { host: hostB }),
      await mail('closed', { host: hostB }),
    ];
    const world = own.sweeping();
    const seen = new Map([
      [ok, serves(current)],
      [drifted, serves(strange)],
      [quiet, serves(strange)],
      [broken, serves(current, { chain: [] })],
      [closed, serves(null)],
    ]);
    hostsSee(world.commands, (id) => seen.get(id) ?? null);

    const report = await world.sweep();

    expect(Object.fromEntries(report.targets.map((one) => [one.targetId, one.condition]))).toEqual({
      [ok]: 'ok',
      [drifted]: 'drift',
      [quiet]: 'drift',
      [broken]: 'chain_incomplete',
      [closed]: 'unreachable',
    });
    expect(report.targets.find(({ targetId }) => targetId === ok)?.daysToExpiry).toBeGreaterThan(0);
    expect(world.executions.started).toMatchObject([
      { input: { only: { targets: [broken, drifted], hosts: [hostA, hostB] } } },
    ]);
  });

  test('A sweep sends one inspection job per host, without fence or task token, and within the send rate', async () => {
    const ids = [await mail('a'), await mail('b'), await mail('c', { host: hostB })];
    const world = own.sweeping();
    hostsSee(world.commands, () => serves(current));

    await world.sweep();

    const [first, second] = world.commands.sent;
    expect(world.commands.sent.map(({ host }) => host)).toEqual([hostA, hostB]);
    expect(world.sendRate.slots).toEqual(Array(2).fill({ where: null, urgency: 'canWait' }));
    const job = jobOf(world.commands, first?.commandId ?? '');
    expect(job).toMatchObject({ header: { action: 'inspect', fence: 0 }, probe: null });
    expect(job.inspections?.map(({ targetId }) => targetId)).toEqual(ids.slice(0, 2));
    expect(job.inspections?.[0]).toMatchObject({ verify: { protocol: 'smtp' }, version: versionOf(current) });
    expect(jobOf(world.commands, second?.commandId ?? '').inspections).toHaveLength(1);
  });

  test('A sweep sends a host with many targets several jobs, and reaches hosts in other accounts', async () => {
    const host = '222233334444/eu-west-1/i-0ddddddddddddddd0';
    for (let count = 0; count < 9; count += 1) await mail(`m${count}`, { host });
    const world = own.sweeping();
    hostsSee(world.commands, () => serves(current));

    const report = await world.sweep();

    expect(report.counts.ok).toBe(9);
    // both jobs are sent in parallel
    const lengths = world.commands.sent.map(
      ({ commandId }) => jobOf(world.commands, commandId).inspections?.length ?? 0,
    );
    expect(lengths.sort((one, other) => other - one)).toEqual([8, 1]);
    expect(world.sendRate.slots[0]?.where).toBe('222233334444/eu-west-1');
  });

  test('A sweep inspects many hosts in rounds, a few at a time, each shortly after it was found online', async () => {
    const hosts = Array.from({ length: 120 }, (_, at) => `mi-${at.toString(16).padStart(17, '0')}`);
    for (const [at, host] of hosts.entries()) {
      await own.registered(`m${String(at).padStart(3, '0')}`, 0, {
        host,
        verify: { endpoint: '10.0.0.1:25', protocol: 'smtp' },
      });
    }
    const world = own.sweeping();
    hostsSee(world.commands, () => serves(current));
    let [waiting, most, found] = [0, 0, 0];
    const ahead: number[] = [];
    const sendRate = {
      async waitForSlot() {
        waiting += 1;
        most = Math.max(most, waiting);
        ahead.push(found - world.commands.sent.length);
        await new Promise(setImmediate);
        waiting -= 1;
      },
    };
    const unreachableReason = async () => {
      found += 1;
      return null;
    };
    const hostLocks = { read: async () => ({ owner: null, fence: 0, targetId: null, acquiredAt: null }) };

    await createHandler({ ...world, hostLocks, sendRate, reachable: { unreachableReason } })({
      certificate: own.certificate,
      heal: false,
    });

    // rounds of fifty follow each other; within one a host may overtake its neighbours
    const sent = world.commands.sent.map(({ host }) => host);
    for (const from of [0, 50, 100]) {
      expect(sent.slice(from, from + 50).sort()).toEqual(hosts.slice(from, from + 50));
    }
    expect(most).toBe(5);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(50);
  });

  test('A sweep also inspects targets whose installed version is unknown', async () => {
    const id = await own.registered('mail', 0, {
      verify: { endpoint: '10.0.0.1:25', serverName: 'www.example.test', protocol: 'smtp' },
    });
    await own.isCurrent(current);
    const world = own.sweeping();
    hostsSee(world.commands, () => serves(current));

    const seen = await onlyOne(world);

    expect(seen).toMatchObject({ targetId: id, condition: 'never_deployed' });
    expect(seen?.daysToExpiry).toBeGreaterThan(0);
  });

  test('A sweep reports an offline host as unreachable without sending a job', async () => {
    await mail('mail');
    const world = own.sweeping();
    world.away.set(hostA, 'its SSM Agent is ConnectionLost, last ping 2026-11-20T00:00:00.000Z');

    expect(await onlyOne(world)).toMatchObject({
      condition: 'unreachable',
      summary: expect.stringMatching(
        /^mail\.example\.test:25: its host is offline: its SSM Agent is Connection/,
      ),
    });
    expect(world.commands.sent).toEqual([]);
    expect(world.published[0]?.details).toMatchObject({ certificates: [{ unreachable: 1 }] });
  });

  test('A sweep sends no job to a host with a deployment under way', async () => {
    const host = 'mi-0123456789abcdef9';
    await mail('mail', { host });
    const executionArn = 'arn:aws:states:eu-west-1:123456789012:execution:certferry-deploy-target:d-77';
    await others.hostLocks.acquire({ host, executionArn, targetId: 'web', now: new Date() });
    const world = own.sweeping();

    expect(await onlyOne(world)).toMatchObject({
      condition: 'not_probed',
      summary: 'deployment d-77 is running on the host',
    });
    expect(world.commands.sent).toEqual([]);
    expect(world.sendRate.slots).toEqual([]);
  });

  test('A sweep reports as unknown a target that was deployed to in the meantime', async () => {
    const id = await mail('mail');
    const world = own.sweeping();
    hostsSee(world.commands, () => serves(strange));
    const { onSend } = world.commands;
    let recorded = Promise.resolve();
    world.commands.onSend = (commandId) => {
      onSend(commandId);
      recorded = own.installed(id, strange, { fence: 2 });
    };
    const sleep = async (milliseconds: number) => {
      await recorded;
      await world.sleep(milliseconds);
    };

    const report = await createHandler({ ...world, sleep })({ certificate: own.certificate, heal: true });

    expect(report.targets[0]?.summary).toMatch(/a deployment to the target ran during the probe/);
    expect(world.executions.started).toEqual([]);
  });
});

describe('the event of a command that a sweep sent', () => {
  test('The event of an inspection command completes no waiting state', async () => {
    await mail('mail');
    const world = own.sweeping();
    hostsSee(world.commands, () => serves(current));
    await world.sweep();
    const [sent] = world.commands.sent;
    const detail = { 'command-id': sent?.commandId ?? '', 'instance-id': hostA, status: 'Success' };

    const said = await commandStatus({ ...others, sleep: async () => {} })({ detail });

    expect(said.summary).toMatch(/is unknown$/);
    expect(others.executions.completions).toEqual([]);
  });
});
