import { ACMClient } from '@aws-sdk/client-acm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAcmConnector } from '../../agent-scripts/stores/acm/connector.ts';
import { performStoreJob } from '../../agent-scripts/stores/perform-store-job.ts';
import type { StoreHome, StoreJournal, StoreReceipt } from '../../agent-scripts/stores/store-home.ts';
import { storeConnectors } from '../../agent-scripts/stores/stores.ts';
import type { JobAction } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { isStoreTarget, Target } from '../../core/targets/target.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { contentOf, fingerprintOf } from '../agent-scripts/stores/acm-site.ts';
import { type AcmServer, startAcmServer } from '../fakes/acm-server.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { acmByArn, acmByName } from '../rigs/acm.ts';
import { storeContract } from './store-contract.ts';

storeContract(acmByArn);
storeContract(acmByName);

let server: AcmServer;

beforeAll(async () => {
  server = await startAcmServer();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'unused' };
  const connector = createAcmConnector({
    client: (region) => new ACMClient({ region, endpoint: server.endpoint, credentials, maxAttempts: 1 }),
    sleep: async (_, deadline) => deadline.throwIfAborted(),
  });
  storeConnectors.set('acm', Promise.resolve(connector));
});

afterAll(() => server.close());

/** The records of one target, in memory. */
function aHome(): StoreHome & { journal: StoreJournal | null } {
  const receipts = new Map<string, StoreReceipt>();
  let fence = 0;
  const home: StoreHome & { journal: StoreJournal | null } = {
    journal: null,
    readFence: async () => fence,
    writeFence: async (next) => {
      fence = next;
    },
    readJournal: async () => home.journal,
    writeJournal: async (journal) => {
      home.journal = journal;
    },
    closeJournal: async () => {
      home.journal = null;
    },
    receipts: async () => [...receipts.values()].sort((one, other) => other.fence - one.fence),
    writeReceipt: async (receipt) => void receipts.set(receipt.line.deploymentId, receipt),
    removeReceipt: async (deploymentId) => void receipts.delete(deploymentId),
  };
  return home;
}

let targets = 0;

/** A certificate in ACM, its target, and the agent with its records. */
async function aSite(config: object = {}) {
  targets += 1;
  const first = bundleOf(await aVersion());
  const certificateArn = server.add(contentOf(first));
  const kept = new Map([[fingerprintOf(first), first]]);
  const target = Target.parse({
    id: `acm-${targets}`,
    certificate: 'www.example.test',
    host: 'lambda',
    kind: 'acm',
    config: { certificateArn, ...config },
    verify: 'none',
  });
  if (!isStoreTarget(target)) throw new Error('acm is a kind in a store');
  const home = aHome();
  let fence = 0;
  const run = (action: JobAction, bundle: Bundle | null = null, deploymentId = `deployment-${fence + 1}`) => {
    fence += 1;
    return performStoreJob(home, {
      header: { v: 1, action, deploymentId, targetId: target.id, fence, expiresAt: 4_000_000_000 },
      target,
      bundle,
      credentials: {},
      previous: { find: async (fingerprint) => kept.get(fingerprint) ?? null },
      fenceStep: 1000,
    });
  };
  const installed = () => server.certificates().find(({ arn }) => arn === certificateArn);
  return { first, kept, home, run, installed };
}

const version = async () => bundleOf(await aVersion());

describe('the agent for stores with a certificate in ACM', () => {
  test('A deployment is applied, and the same version again changes nothing', async () => {
    const { run, installed, home } = await aSite();
    const next = await version();

    expect(await run('deploy', next)).toMatchObject({ outcome: 'applied' });
    expect(installed()).toMatchObject(contentOf(next));
    expect(home.journal).toBeNull();
    const before = server.requests.length;
    expect(await run('deploy', next)).toMatchObject({ outcome: 'unchanged' });
    expect(server.requests.slice(before)).not.toContain('ImportCertificate');
  });

  test('A dry run imports nothing and reports what it could not check', async () => {
    const { run, installed, first } = await aSite();

    const line = await run('validate', await version());

    expect(line).toMatchObject({ outcome: 'validate_unsupported' });
    expect(line.summary).toContain('permission acm:ImportCertificate');
    expect(installed()).toMatchObject(contentOf(first));
  });

  test('The job undo imports the previous version again', async () => {
    const { run, installed, first } = await aSite();
    await run('deploy', await version(), 'deployment-a');

    const line = await run('undo', null, 'deployment-a');

    expect(line.outcome).toBe('restored');
    expect(installed()).toMatchObject(contentOf(first));
  });

  test('The job rollback imports the version before, as a deployment of its own', async () => {
    const { run, installed, kept } = await aSite();
    const [second, third] = [await version(), await version()];
    await run('deploy', second);
    kept.set(fingerprintOf(second), second);
    await run('deploy', third);
    kept.set(fingerprintOf(third), third);

    const line = await run('rollback');

    expect(line).toMatchObject({ outcome: 'applied' });
    expect(installed()).toMatchObject(contentOf(second));
  });

  test('A deployment whose previous key is lost is rejected before the change', async () => {
    const { run, installed, first, kept } = await aSite();
    kept.clear();

    expect(await run('deploy', await version())).toMatchObject({
      outcome: 'rejected',
      reason: 'Irreversible',
    });
    expect(installed()).toMatchObject(contentOf(first));
  });

  test('With allowIrreversible, a failed rollback is final, and the next deployment is possible', async () => {
    const { run, installed, kept, home } = await aSite({ allowIrreversible: true });
    kept.clear();
    const next = await version();
    await run('deploy', next, 'deployment-a');

    expect(await run('undo', null, 'deployment-a')).toMatchObject({ outcome: 'rollback_failed' });

    expect(installed()).toMatchObject(contentOf(next));
    expect(home.journal).toBeNull();
    expect(await run('deploy', await version())).toMatchObject({ outcome: 'applied' });
  });

  test('A leaf of another key type is refused by the check, with both types', async () => {
    const { run, installed, first } = await aSite({ allowIrreversible: true });

    const line = await run('deploy', bundleOf(await aVersion({ keyType: 'p384' })));

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toMatch(/EC_secp384r1.*EC_prime256v1/);
    expect(installed()).toMatchObject(contentOf(first));
  });
});
