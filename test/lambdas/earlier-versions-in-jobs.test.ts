import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unsealStoreJob } from '../../core/seal/unseal.ts';
import type { EarlierBundles } from '../../lambdas/delivery/earlier-bundles.ts';
import { keptEarlier } from '../../lambdas/delivery/kept-earlier.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as reconcile } from '../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { aBundle, sourcesOf } from '../fixtures/bundle.ts';
import { heldDeployment } from '../fixtures/factories.ts';
import { withoutSignature } from '../fixtures/signed-jobs.ts';
import { useWorld, type World } from '../fixtures/world.ts';

let world: World;
useWorld((made) => {
  world = made;
});

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';

/** A bundle whose key has this many characters that compressing does not shorten. */
const bundleOfSize = (name: string, characters: number): Bundle => ({
  leaf: name,
  chain: [],
  key: randomBytes(characters).toString('base64').slice(0, characters),
});

const small = (name: string) => bundleOfSize(name, 100);

async function aDeployment(overrides: object = {}) {
  const deployment = await heldDeployment(world, {
    target: { kind: 'acm', config: { certificateArn }, verify: 'none' },
    ...overrides,
  });
  const key = await makeHostKey();
  await world.hostKeys.save(deployment.target.host, publicHostKey(key), '2026-11-22T10:00:00.000Z');
  return { deployment, key };
}

const push = (deployment: Deployment) =>
  pushBundle({ ...world, sources: sourcesOf() })({ deployment, taskToken: 't1' });

/** The names of the earlier versions in the job that was sent. */
async function sentVersions(key: Awaited<ReturnType<typeof makeHostKey>>): Promise<string[]> {
  const { body } = await unsealStoreJob(withoutSignature(world.commands.sent[0]?.job ?? ''), key);
  return body.previous.map(({ leaf }) => leaf);
}

const found = (earlier: Partial<EarlierBundles>) => {
  world.earlier = async () => ({ needed: [], helpful: [], ...earlier });
};

test.each([
  ['deploy', {}, push],
  ['validate', { action: 'validate' }, push],
  ['rollback', { action: 'rollback', version: null }, push],
  ['undo', {}, (deployment: Deployment) => rollBack(world)({ deployment, taskToken: 't1' })],
  ['inspect', {}, (deployment: Deployment) => reconcile(world)({ deployment, taskToken: 't1' })],
])('The job %s for a store that returns no keys has the earlier versions', async (_, overrides, send) => {
  const { deployment, key } = await aDeployment(overrides);
  const [needed, helpful] = [small('installed'), small('another')];
  found({ needed: [needed], helpful: [helpful] });

  await send(deployment);

  expect(await sentVersions(key)).toEqual(['installed', 'another']);
});

test('The search for earlier versions is given the bundle that the job installs', async () => {
  const { deployment } = await aDeployment();
  const searched: unknown[] = [];
  world.earlier = async (of, bundle) => {
    searched.push([of.id, bundle]);
    return { needed: [], helpful: [] };
  };

  await push(deployment);

  expect(searched).toEqual([[deployment.id, aBundle]]);
});

test('A store that returns its keys gets no earlier versions, and none are searched', async () => {
  const { deployment, key } = await aDeployment({
    target: {
      kind: 'ssh',
      config: {
        address: 'www.example.test',
        user: 'deploy',
        hostKey: 'trustOnFirstUse',
        privateKey: { secretId: 'stores/ssh' },
        certPath: '/etc/tls/cert.pem',
        keyPath: '/etc/tls/key.pem',
      },
      verify: 'none',
    },
  });
  world.earlier = () => Promise.reject(new Error('searched'));

  await push(deployment);

  expect(await sentVersions(key)).toEqual([]);
});

test('A job that is too large loses the earlier versions that only help, the last one first', async () => {
  const { deployment, key } = await aDeployment();
  const [first, second] = [bundleOfSize('first', 11_000), bundleOfSize('second', 11_000)];
  found({ needed: [bundleOfSize('installed', 11_000)], helpful: [first, second] });

  await push(deployment);

  expect(await sentVersions(key)).toEqual(['installed', 'first']);
});

test('A job that is too large with the versions that a rollback needs is rejected, and the reason names host: lambda', async () => {
  const { deployment } = await aDeployment();
  found({ needed: [bundleOfSize('one', 16_000), bundleOfSize('two', 16_000)], helpful: [small('three')] });

  await push(deployment);

  expect(world.commands.sent).toEqual([]);
  expect(world.executions.outputOf('t1')).toMatchObject({
    outcome: 'rejected',
    reason: 'JobTooLarge',
    summary: expect.stringMatching(
      /^The job for \S+ is too large: its store returns no keys, so the job contains 2 earlier versions for a rollback\. .* Set host: lambda/,
    ),
  });
});

test('An undo job has the kept copies of its target, and needs the latest', async () => {
  const { deployment, key } = await aDeployment();
  const copies = [small('latest'), bundleOfSize('older', 16_000), bundleOfSize('oldest', 16_000)];
  const kept = { all: async (targetId: string) => (targetId === deployment.target.id ? copies : []) };

  await rollBack({ ...world, earlier: keptEarlier(() => kept) })({ deployment, taskToken: 't1' });

  expect(await sentVersions(key)).toEqual(['latest', 'older']);
});

test('Without a key for copies, an undo job has no earlier versions', async () => {
  const { deployment, key } = await aDeployment();

  await rollBack({ ...world, earlier: keptEarlier(() => null) })({ deployment, taskToken: 't1' });

  expect(await sentVersions(key)).toEqual([]);
});

test('If an earlier version cannot be read now, no job is sent, and the error reaches the state', async () => {
  const { deployment } = await aDeployment();
  world.earlier = () =>
    Promise.reject(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));

  await expect(push(deployment)).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(world.commands.sent).toEqual([]);
});
