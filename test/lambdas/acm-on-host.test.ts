// PushBundle and RollBack, and the built agent for stores on a host, with a strict ACM.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Bundle } from '../../core/deployment/version.ts';
import { createHandler as pushBundle } from '../../lambdas/handlers/deploy-target/push-bundle.ts';
import { createHandler as rollBack } from '../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as commandStatus } from '../../lambdas/handlers/events/command-status.ts';
import { filesBelow, scratchFolder } from '../agent-scripts/disk.ts';
import { startAgent, storeAgentFile } from '../agent-scripts/run-agent.ts';
import { exportedSource, secretSource } from '../fakes/versioned-sources.ts';
import { anIdentity, threeLevels } from '../fixtures/hierarchies.ts';
import { signedOpenJob } from '../fixtures/signed-jobs.ts';
import {
  type AcmDeployments,
  allItems,
  linesOf,
  type Perform,
  useAcmDeployments,
} from '../rigs/acm-deployments.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';

const scratch = scratchFolder();

let deployments: AcmDeployments;
useAcmDeployments((started) => {
  deployments = started;
});

let tokens = 0;

interface TestHost {
  readonly id: string;
  readonly home: string;
  readonly printed: string[];
  readonly perform: Perform;
}

/** A host that is enrolled. Its agent reaches ACM as with an instance profile: credentials that the job does not have. */
async function aHost(): Promise<TestHost> {
  const { world, acm } = deployments;
  const id = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
  const home = join(scratch, id);
  const printed: string[] = [];
  const run = async (job: string) => {
    const ended = await startAgent(
      home,
      job,
      [],
      {
        AWS_SSM_INSTANCE_ID: id,
        AWS_ENDPOINT_URL_ACM: acm.endpoint,
        AWS_ACCESS_KEY_ID: 'instance-profile',
        AWS_SECRET_ACCESS_KEY: 'unused',
      },
      storeAgentFile,
    ).ended;
    printed.push(ended.stdout, ended.stderr);
    return ended;
  };
  const header = {
    v: 1,
    action: 'enroll',
    deploymentId: 'enrolment',
    targetId: 'any',
    fence: 0,
    expiresAt: Math.floor(Date.now() / 1000) + 600,
  } as const;
  const { line } = await run(await signedOpenJob({ header, probe: null }, { host: id }));
  if (!line?.hostKey) throw new Error(`not enrolled: ${printed.join('')}`);
  await world.hostKeys.save(id, line.hostKey, new Date().toISOString());

  const perform: Perform = async (state, deployment) => {
    const send = state === 'PushBundle' ? pushBundle : rollBack;
    const by = deployments.servicesOf(state === 'PushBundle' ? 'search' : 'kept');
    const taskToken = `token-${++tokens}`;
    const before = world.commands.sent.length;
    await send(by)({ deployment, taskToken });
    for (const { commandId, job } of world.commands.sent.slice(before)) {
      const { stdout, stderr } = await run(job);
      world.commands.end(commandId, { output: stdout, errors: stderr });
      await commandStatus({ ...world, sleep: async () => {} })({
        detail: { 'command-id': commandId, 'instance-id': id, status: 'Success' },
      });
    }
    return world.executions.outputOf(taskToken) as Awaited<ReturnType<Perform>>;
  };
  return { id, home, printed, perform };
}

/** The files of the host, what its agents printed, and the tables. */
async function expectNoKey({ home, printed }: TestHost, ...bundles: readonly Bundle[]): Promise<void> {
  const found = [
    await allItems(deployments.tables),
    ...printed,
    ...filesBelow(home).map((file) => readFileSync(join(home, file), 'latin1')),
  ].join('\n');
  expect(found).toContain('kept#');
  expect(found).not.toContain('BEGIN PRIVATE KEY');
  for (const line of bundles.flatMap(linesOf)) expect(found).not.toContain(line);
}

describeWith([program('flock', 'util-linux')], 'A target of kind acm on a host', () => {
  test('The agent renews the certificate without allowIrreversible, and a failed verification and a rollback restore the previous one', async () => {
    const host = await aHost();
    const target = await deployments.aTarget({ id: 'host-secret', host: host.id, source: secretSource });
    deployments.sources.put(secretSource, target.installed());
    const first = target.installed();
    const second = await target.issue();

    expect(await target.deploy(host.perform, { undo: true })).toMatchObject({ outcome: 'rolled_back' });
    expect(target.installed()).toEqual(first);
    expect(await target.deploy(host.perform)).toMatchObject({
      outcome: 'deployed_unverified',
      warnings: [],
    });
    expect(target.installed()).toEqual(second);
    expect(await target.rollBack(host.perform)).toMatchObject({ outcome: 'deployed_unverified' });
    expect(target.installed()).toEqual(first);
    await expectNoKey(host, first, second);
  });

  test('A deployment on a host that only repairs the chain of the same leaf can be reversed', async () => {
    const host = await aHost();
    const target = await deployments.aTarget({ id: 'host-chain', host: host.id, source: secretSource });
    const { upper, lower, leaf } = await threeLevels();
    const renewed = await anIdentity({ subject: 'Lower', ca: true, issuer: upper, keys: lower.keys });
    const before = { leaf: leaf.certPem, chain: [lower.certPem, upper.certPem], key: leaf.keyPem };
    deployments.acm.add({ ...before, chain: before.chain.join(''), arn: target.arn });
    const bundle = await target.issue({ ...before, chain: [renewed.certPem, upper.certPem] });

    expect(await target.deploy(host.perform, { undo: true })).toMatchObject({ outcome: 'rolled_back' });
    expect(target.installed()).toEqual(before);
    expect(await target.deploy(host.perform)).toMatchObject({ outcome: 'deployed_unverified' });
    expect(target.installed()).toEqual(bundle);
  });

  test('If the source keeps no earlier version, a rollback on a host uses the kept copy', async () => {
    const host = await aHost();
    const options = { id: 'host-exported', host: host.id, source: exportedSource };
    const target = await deployments.aTarget({ ...options, config: { allowIrreversible: true } });
    const first = await target.issue();
    await target.deploy(host.perform);
    const second = await target.issue();

    expect(await target.deploy(host.perform)).toMatchObject({
      outcome: 'deployed_unverified',
      warnings: [],
    });
    expect(await target.rollBack(host.perform)).toMatchObject({ outcome: 'deployed_unverified' });
    expect(target.installed()).toEqual(first);
    await expectNoKey(host, first, second);
  });

  test('A first renewal whose previous version no source has is refused on a host before the change', async () => {
    const host = await aHost();
    const target = await deployments.aTarget({ id: 'host-first', host: host.id, source: exportedSource });
    const before = target.installed();
    await target.issue();

    expect(await target.deploy(host.perform)).toMatchObject({ outcome: 'rejected', reason: 'Irreversible' });
    expect(target.installed()).toEqual(before);
  });
});
