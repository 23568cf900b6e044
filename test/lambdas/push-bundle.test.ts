import { describe, expect, test } from 'vitest';
import { CertferryError } from '../../core/errors.ts';
import { makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unseal } from '../../core/seal/unseal.ts';
import { verifyJob } from '../../core/seal/verify-job.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { pemOf } from '../core/seal/jobs.ts';
import { aBundle, sourcesOf } from '../fixtures/bundle.ts';
import { facts, heldDeployment, lineOf } from '../fixtures/factories.ts';
import { testKey, withoutSignature } from '../fixtures/signed-jobs.ts';
import { aHostKey, useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

const push = (sources = sourcesOf()) => pushBundle({ ...world, sources });
const reportSuccess = (commandId: string, host: string) =>
  commandStatus({ ...world, sleep: async () => {} })({
    detail: { 'command-id': commandId, 'instance-id': host, status: 'Success' },
  });

/** A host nobody else in this file enrols. */
const aHost = () => ({
  host: `i-${Array.from({ length: 17 }, () => Math.floor(Math.random() * 16).toString(16)).join('')}`,
});

async function enrolledDeployment(action: 'deploy' | 'validate' | 'rollback' = 'deploy') {
  const version = action === 'rollback' ? { version: null } : {};
  const deployment = await heldDeployment(world, { target: aHost(), action, ...version });
  const key = await makeHostKey();
  await world.hostKeys.save(deployment.target.host, publicHostKey(key), '2026-11-22T10:00:00.000Z');
  return { deployment, key };
}

describe('PushBundle', () => {
  test('PushBundle seals the bundle to the host’s key and sends it, valid until it could no longer be delivered', async () => {
    const { deployment, key } = await enrolledDeployment();

    await push()({ deployment, taskToken: 't1' });

    const [command] = world.commands.sent;
    expect(command).toMatchObject({
      host: deployment.target.host,
      comment: `certferry deploy ${deployment.id}`,
      read: { sealed: true, kid: key.kid },
    });
    expect(command?.job).not.toContain('SECRET');
    expect(await unseal(withoutSignature(command?.job ?? ''), key)).toEqual({
      header: {
        v: 1,
        action: 'deploy',
        deploymentId: deployment.id,
        targetId: deployment.target.id,
        fence: 1,
        expiresAt: 1_795_349_220,
      },
      body: { target: deployment.target, bundle: aBundle },
    });
  });

  test('PushBundle signs each job for its host, and rejects a bundle that does not fit with its signature', async () => {
    const { deployment } = await enrolledDeployment();
    await push()({ deployment, taskToken: 't1' });
    const text = world.commands.sent[0]?.job ?? '';

    const accepted = { keys: testKey.publicKeys, host: deployment.target.host };
    expect(await verifyJob(text, accepted)).toMatchObject({ expiresAt: 1_795_349_220 });
    await expect(verifyJob(text, { ...accepted, host: 'i-1' })).rejects.toMatchObject({
      name: 'JobUnsigned',
    });

    const large = await enrolledDeployment();
    const chain = Array.from({ length: 32 }, () => pemOf(1500));
    await push(sourcesOf({ ...aBundle, chain }))({ deployment: large.deployment, taskToken: 't2' });
    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'rejected', reason: 'JobTooLarge' });
    expect(world.commands.sent).toHaveLength(1);
  });

  test('PushBundle asks a host whose key is not known for it first, and reads no secret for that', async () => {
    const deployment = await heldDeployment(world, { target: aHost() });
    const sources = sourcesOf();

    await push(sources)({ deployment, taskToken: 't1' });

    expect(world.commands.sent[0]?.read).toMatchObject({
      sealed: false,
      job: { header: { action: 'enroll' } },
    });
    expect(sources.asked).toBe(0);
  });

  test('PushBundle sends the bundle once the host has reported its key', async () => {
    const deployment = await heldDeployment(world, { target: aHost() });
    const hostKey = await aHostKey();
    world.commands.onSend = (id) =>
      world.commands.end(id, { output: lineOf(deployment, { outcome: 'enrolled', hostKey }) });
    await push()({ deployment, taskToken: 't1' });
    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'enrolled' });

    world.commands.onSend = () => {};
    await push()({ deployment, taskToken: 't2' });

    expect(world.commands.sent[1]?.read).toMatchObject({ sealed: true, kid: hostKey.kid });
    expect(world.changes).toEqual([]);
  });

  test('PushBundle sends a rollback as an open job with the id of its rollout, and reads no secret for it', async () => {
    const { deployment } = await enrolledDeployment('rollback');
    const sources = sourcesOf();

    await push(sources)({ deployment: { ...deployment, rollout: 'r-1' }, taskToken: 't1' });

    expect(world.commands.sent[0]?.read).toMatchObject({
      sealed: false,
      job: { header: { action: 'rollback', rollout: 'r-1' } },
    });
    expect(sources.asked).toBe(0);
  });

  test('PushBundle completes the state itself when the command ended before it was recorded', async () => {
    const { deployment } = await enrolledDeployment();
    const output = lineOf(deployment, {
      outcome: 'applied',
      version: facts('new'),
      hostKey: await aHostKey(),
    });
    world.commands.onSend = (commandId) => world.commands.end(commandId, { output });

    await push()({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({
      outcome: 'applied',
      version: facts('new'),
      commandId: world.commands.sent[0]?.commandId,
    });
    expect(world.executions.outputOf('t1')).not.toHaveProperty('hostKey');
  });

  test('PushBundle sends nothing when the state is retried, and the new token is the one that is completed', async () => {
    const { deployment } = await enrolledDeployment();
    const sources = sourcesOf();
    await push(sources)({ deployment, taskToken: 't1' });

    await push(sources)({ deployment, taskToken: 't2' });

    const [command] = world.commands.sent;
    world.commands.end(command?.commandId ?? '', { output: lineOf(deployment, { outcome: 'applied' }) });
    await reportSuccess(command?.commandId ?? '', deployment.target.host);
    expect(world.commands.sent).toHaveLength(1);
    expect(sources.asked).toBe(1);
    expect(world.executions.outputOf('t1')).toBeUndefined();
    expect(world.executions.outputOf('t2')).toMatchObject({ outcome: 'applied' });
  });

  test('PushBundle sends again when it is unknown whether the first job was sent: the host answers from its receipt', async () => {
    const { deployment } = await enrolledDeployment();
    world.commands.failNext(
      Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
      'after',
    );
    await expect(push()({ deployment, taskToken: 't1' })).rejects.toMatchObject({
      name: 'ThrottlingException',
    });

    await push()({ deployment, taskToken: 't2' });

    const headers = world.commands.sent.map(({ read }) => (read.sealed ? read.header : null));
    expect(headers).toHaveLength(2);
    expect(headers[0]).toEqual(headers[1]);
  });

  test.each(['KeyMismatch', 'CertificateExpired', 'SourceMismatch', 'BundleUnreadable'] as const)(
    'PushBundle completes the state as rejected when the bundle cannot be used (%s), and sends nothing',
    async (name) => {
      const { deployment } = await enrolledDeployment();
      const refusal = new CertferryError(name, 'what is wrong');

      await push(sourcesOf(refusal))({ deployment, taskToken: 't1' });

      expect(world.executions.outputOf('t1')).toMatchObject({
        outcome: 'rejected',
        reason: name,
        summary: 'what is wrong',
      });
      expect(world.commands.sent).toEqual([]);
    },
  );

  test('PushBundle completes the state as rejected when the job does not fit', async () => {
    const { deployment } = await enrolledDeployment();
    const noise = Array.from({ length: 40_000 }, () => Math.random().toString(36)[5]).join('');

    await push(sourcesOf({ ...aBundle, chain: [noise] }))({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'JobTooLarge' });
  });

  test.each(['SourceUnavailable', 'CommandUndeliverable'] as const)(
    'PushBundle throws %s, which may pass',
    async (name) => {
      const { deployment } = await enrolledDeployment();
      const error = new CertferryError(name, 'not now');
      const sources = name === 'SourceUnavailable' ? sourcesOf(error) : sourcesOf();
      if (name === 'CommandUndeliverable') world.commands.failNext(error, 'before');

      await expect(push(sources)({ deployment, taskToken: 't1' })).rejects.toBe(error);
      expect(world.executions.completions).toEqual([]);
      expect(await world.locks.read(deployment.target.id)).toMatchObject({ pending: null });
    },
  );

  test('PushBundle sends nothing for a deployment whose lock was taken over', async () => {
    const { deployment } = await enrolledDeployment();
    world.executions.ended.add(deployment.executionArn);
    await heldDeployment(world, { target: { id: deployment.target.id } });

    await push()({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'StaleFence' });
    expect(world.commands.sent).toEqual([]);
  });

  test('PushBundle does not take a command for its own whose lock was taken over while it was sent', async () => {
    const { deployment } = await enrolledDeployment();
    const { id } = deployment.target;
    const seen = { type: 'held', owner: deployment.executionArn, fence: 1 } as const;
    const { send } = world.commands;
    world.commands.send = async (command) => {
      const now = world.clock.now();
      const next = {
        targetId: id,
        executionArn: 'next',
        requestNumber: 1,
        supersedes: true,
        startedAt: '',
        now,
      };
      await world.locks.takeOver(next, seen);
      return send(command);
    };

    await push()({ deployment, taskToken: 't1' });

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'StaleFence' });
    expect(await world.locks.read(id)).toMatchObject({ owner: 'next', fence: 2, pending: null });
  });

  test('PushBundle sends nothing to a host that is away, asks for no turn and reads no secret', async () => {
    const { deployment } = await enrolledDeployment();
    const away = new CertferryError('CommandUndeliverable', 'its SSM Agent is ConnectionLost');
    world.commands.away.set(deployment.target.host, away);
    const sources = sourcesOf();

    await expect(push(sources)({ deployment, taskToken: 't1' })).rejects.toBe(away);

    expect([world.commands.sent, world.sendRate.slots, sources.asked]).toEqual([[], [], 0]);
    expect(await world.locks.read(deployment.target.id)).toMatchObject({ pending: null });
  });

  test('PushBundle comes back later, having made no job, when too many wait to send', async () => {
    const { deployment } = await enrolledDeployment();
    world.sendRate.refuseNext = new CertferryError('SendPaced', 'too many');
    const sources = sourcesOf();

    await expect(push(sources)({ deployment, taskToken: 't1' })).rejects.toMatchObject({ name: 'SendPaced' });
    expect(sources.asked).toBe(0);

    await push(sources)({ deployment, taskToken: 't2' });
    expect(world.commands.sent).toHaveLength(1);
  });

  test('PushBundle waits for the turn of the host’s own account and region', async () => {
    const host = `123456789012/eu-west-2/${aHost().host}`;
    const deployment = await heldDeployment(world, { target: { host } });

    await push()({ deployment, taskToken: 't1' });

    expect(world.sendRate.slots).toEqual([{ where: '123456789012/eu-west-2', urgency: 'canWait' }]);
  });

  test('PushBundle asks the host for its key when what the registry holds is none', async () => {
    const { deployment } = await enrolledDeployment();
    const broken = { kid: 'k', x: 'AAAA' };
    await world.hostKeys.save(deployment.target.host, broken, '2026-11-22T11:00:00.000Z');

    await push()({ deployment, taskToken: 't1' });

    expect(world.commands.sent[0]?.read).toMatchObject({ job: { header: { action: 'enroll' } } });
  });
});
