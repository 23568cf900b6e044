// The memory kind must be in the table before anything reads it.
import '../fixtures/memory-kind.ts';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unsealStoreJob } from '../../core/seal/unseal.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as reconcile } from '../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { aBundle, sourcesOf } from '../fixtures/bundle.ts';
import { heldDeployment, lineOf } from '../fixtures/factories.ts';
import { withoutSignature } from '../fixtures/signed-jobs.ts';
import { aHostKey, type Tables, tableNames, useWorld, type World } from '../fixtures/world.ts';

let world: World;
let tables: Tables;
useWorld((made, its) => {
  world = made;
  tables = its;
});

const target = () => ({
  kind: 'memory',
  config: { entry: 'api', token: { secretId: 'stores/token' } },
  host: `i-${Array.from({ length: 17 }, () => Math.floor(Math.random() * 16).toString(16)).join('')}`,
  verify: 'none',
});

async function aDeployment(overrides: object = {}) {
  const deployment = await heldDeployment(world, { target: target(), ...overrides });
  const key = await makeHostKey();
  await world.hostKeys.save(deployment.target.host, publicHostKey(key), '2026-11-22T10:00:00.000Z');
  return { deployment, key };
}

const push = (deployment: Deployment) =>
  pushBundle({ ...world, sources: sourcesOf() })({ deployment, taskToken: 't1' });

type Send = (deployment: Deployment) => Promise<unknown>;

/** Each job of a target in a store, and whether it has a bundle. */
const jobs: readonly (readonly [string, object, Send, boolean])[] = [
  ['deploy', {}, push, true],
  ['validate', { action: 'validate' }, push, true],
  ['rollback', { action: 'rollback', version: null }, push, false],
  ['undo', {}, (deployment) => rollBack(world)({ deployment, taskToken: 't1' }), false],
  ['inspect', {}, (deployment) => reconcile(world)({ deployment, taskToken: 't1' }), false],
];

describe('a job for a target in a store on a host', () => {
  test.each(jobs)(
    'The job %s is sealed with the credentials of the target, and the agent for stores gets it',
    async (action, overrides, send, hasBundle) => {
      const { deployment, key } = await aDeployment(overrides);

      await send(deployment);

      const [command] = world.commands.sent;
      expect(command).toMatchObject({ agent: 'stores', host: deployment.target.host });
      const { header, body } = await unsealStoreJob(withoutSignature(command?.job ?? ''), key);
      expect(header).toMatchObject({ action, deploymentId: deployment.id });
      expect(body).toEqual({
        target: deployment.target,
        bundle: hasBundle ? aBundle : null,
        credentials: { token: 'token-SECRET' },
        previous: [],
      });
    },
  );

  test.each(jobs)(
    'Before the job %s, a host without a key is enrolled, and no credential is read',
    async (_, overrides, send) => {
      const deployment = await heldDeployment(world, { target: target(), ...overrides });
      world.credentials.failNext();

      await send(deployment);

      expect(world.commands.sent).toMatchObject([
        { agent: 'stores', read: { sealed: false, job: { header: { action: 'enroll' } } } },
      ]);
    },
  );

  test.each(jobs.filter(([action]) => action === 'undo' || action === 'inspect'))(
    'If the host has retired the key of the job %s, the retry of the state seals it to the next key',
    async (action, _, send) => {
      const { deployment } = await aDeployment();
      const next = await makeHostKey();
      world.commands.onSend = (id) =>
        world.commands.end(id, {
          output: lineOf(deployment, {
            outcome: 'enrolled',
            reason: 'RetiredHostKey',
            hostKey: publicHostKey(next),
          }),
        });
      await send(deployment);
      expect(world.executions.failures).toMatchObject([{ taskToken: 't1', name: 'RetiredHostKey' }]);

      world.commands.onSend = () => {};
      await send(deployment);

      const text = withoutSignature(world.commands.sent[1]?.job ?? '');
      expect((await unsealStoreJob(text, next)).header).toMatchObject({ action });
      expect(world.changes).toEqual([]);
    },
  );

  test('If the key that an undo job announces is refused, the state ends instead of sending again', async () => {
    const { deployment } = await aDeployment();
    const hostKey = await aHostKey();
    world.commands.onSend = (id) =>
      world.commands.end(id, { output: lineOf(deployment, { outcome: 'enrolled', hostKey }) });

    await rollBack({ ...world, onHostKeyChange: 'refuse' })({ deployment, taskToken: 't1' });

    expect(world.executions.failures).toEqual([]);
    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'HostKeyChanged' });
  });

  test('A credential that cannot be read sends nothing, and the error reaches the state', async () => {
    const { deployment } = await aDeployment();
    world.credentials.failNext();

    await expect(push(deployment)).rejects.toMatchObject({ name: 'CredentialUnavailable' });
    expect(world.commands.sent).toEqual([]);
  });

  test('A job that is too large with its credentials is rejected', async () => {
    const { deployment } = await aDeployment();
    // compressing does not shorten random text
    const token = Array.from({ length: 40_000 }, () => String.fromCharCode(33 + Math.random() * 90)).join('');
    world.credentials.values = { token };

    await push(deployment);

    expect(world.executions.outputOf('t1')).toMatchObject({ outcome: 'rejected', reason: 'JobTooLarge' });
  });

  test('No table contains the credential', async () => {
    const { deployment } = await aDeployment();
    await push(deployment);
    await commandStatus({ ...world, sleep: async () => {} })({
      detail: {
        'command-id': world.commands.sent[0]?.commandId ?? '',
        'instance-id': deployment.target.host,
        status: 'Failed',
      },
    });

    const items = await Promise.all(
      Object.values(tableNames).map((TableName) => tables.documents.send(new ScanCommand({ TableName }))),
    );
    expect(JSON.stringify(items)).toContain(deployment.target.id);
    expect(JSON.stringify([items, world.commands.sent.map(({ job }) => job)])).not.toContain('SECRET');
  });
});
