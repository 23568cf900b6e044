import {
  ACMClient,
  GetCertificateCommand,
  ImportCertificateCommand,
  paginateListCertificates,
} from '@aws-sdk/client-acm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAcmConnector } from '../../../agent-scripts/stores/acm/connector.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { AcmConfig } from '../../../core/targets/kinds/acm.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { bundleOf } from '../run-agent.ts';
import { desiredOf, fingerprintOf } from './acm-site.ts';

/** A running stand-in for ACM in us-east-1. */
interface Running {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** The life of a certificate, on any stand-in for ACM: only the API is used to prepare and to compare. */
export function acmContract(title: string, start: () => Promise<Running>): void {
  describe(`the life of a certificate in ${title}`, () => {
    let running: Running;
    let client: ACMClient;
    beforeAll(async () => {
      running = await start();
      const credentials = { accessKeyId: 'test', secretAccessKey: 'unused' };
      client = new ACMClient({
        region: 'us-east-1',
        endpoint: running.endpoint,
        credentials,
        maxAttempts: 1,
      });
    });
    afterAll(() => running.stop());

    let targets = 0;
    /** A target with its own id, and the bundles whose keys some source still has. */
    function aTarget(config: object) {
      targets += 1;
      const targetId = `target-${targets}`;
      const kept = new Map<string, Bundle>();
      const connector = createAcmConnector({
        client: () => client,
        sleep: async (_, deadline) => deadline.throwIfAborted(),
      });
      const open = (deploymentId: string) =>
        connector.open({
          config: AcmConfig.parse(config),
          ...{ targetId, deploymentId, certificate: 'www.example.test', credentials: {} },
          previous: { find: async (fingerprint) => kept.get(fingerprint) ?? null },
          signal: new AbortController().signal,
        });
      async function deploy(bundle: Bundle, deploymentId = 'deployment-1') {
        const store = await open(deploymentId);
        const planned = await store.plan(desiredOf(bundle));
        await store.apply(planned.plan, desiredOf(bundle));
        kept.set(fingerprintOf(bundle), bundle);
        return { ...planned, store };
      }
      return { kept, open, deploy, targetId };
    }

    const version = async () => bundleOf(await aVersion());

    async function imported(bundle: Bundle): Promise<string> {
      const { CertificateArn } = await client.send(
        new ImportCertificateCommand({
          Certificate: Buffer.from(bundle.leaf),
          PrivateKey: Buffer.from(bundle.key),
          CertificateChain: Buffer.from(bundle.chain.join('')),
        }),
      );
      return `${CertificateArn}`;
    }

    async function listed(): Promise<string[]> {
      const pages = paginateListCertificates({ client }, { Includes: { keyTypes: ['EC_prime256v1'] } });
      const arns: string[] = [];
      for await (const { CertificateSummaryList = [] } of pages) {
        arns.push(...CertificateSummaryList.map(({ CertificateArn }) => `${CertificateArn}`));
      }
      return arns;
    }

    async function leafOf(arn: string): Promise<string> {
      const { Certificate = '' } = await client.send(new GetCertificateCommand({ CertificateArn: arn }));
      return fingerprintOf({ leaf: Certificate });
    }

    test(`${title}: a renewal keeps the ARN, is observed, and a restore returns the previous version`, async () => {
      const first = await version();
      const arn = await imported(first);
      const target = aTarget({ certificateArn: arn });
      target.kept.set(fingerprintOf(first), first);
      const next = await version();

      const { plan, store } = await target.deploy(next);
      expect(await leafOf(arn)).toBe(fingerprintOf(next));
      expect((await store.observe()).matches(next)).toBe(true);

      await store.restore(plan);
      expect(await leafOf(arn)).toBe(fingerprintOf(first));
      expect((await store.observe()).matches(first)).toBe(true);
    });

    test(`${title}: a second deployment of the same version imports nothing`, async () => {
      const first = await version();
      const arn = await imported(first);
      const target = aTarget({ certificateArn: arn });

      const state = await (await target.open('deployment-1')).observe();

      expect(state.matches(first)).toBe(true);
      expect(state.version?.fingerprint).toBe(fingerprintOf(first));
    });

    test(`${title}: a first import is found again by its tags`, async () => {
      const target = aTarget({ name: 'www', region: 'us-east-1' });
      const { plan: firstPlan } = await target.deploy(await version());
      const next = await version();

      const { plan } = await target.deploy(next, 'deployment-2');

      expect(firstPlan.arn).toBeNull();
      expect(await leafOf(`${plan.arn}`)).toBe(fingerprintOf(next));
    });

    test(`${title}: a rollback of a first import deletes the certificate`, async () => {
      const target = aTarget({ name: 'www', region: 'us-east-1' });
      const before = await listed();
      const { plan, store } = await target.deploy(await version());
      expect(await listed()).toHaveLength(before.length + 1);

      await store.restore(plan);

      expect(await listed()).toEqual(before);
    });

    test(`${title}: an ARN that does not exist is refused`, async () => {
      const certificateArn =
        'arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000';
      const store = await aTarget({ certificateArn }).open('deployment-1');

      await expect(store.observe()).rejects.toMatchObject({ name: 'StoreRefused' });
    });
  });
}
