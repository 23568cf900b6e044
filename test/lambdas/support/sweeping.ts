import { randomUUID } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Measured } from '../../../core/drift/measured.ts';
import { Certificate } from '../../../core/registry/certificate.ts';
import { Rollout } from '../../../core/rollout/rollout.ts';
import { RegisteredTarget } from '../../../core/targets/registered.ts';
import { look } from '../../../core/tls-probe/inspect-endpoint.ts';
import { createHandler } from '../../../lambdas/handlers/events/sweep.ts';
import { createHostLocks } from '../../../services/locks/host-locks.ts';
import type { MeasuredThing } from '../../../services/notify/measures.ts';
import { createCatalogue } from '../../../services/registry/catalogue.ts';
import { createInstalledVersions, installedKey } from '../../../services/registry/installed.ts';
import { createSweeps } from '../../../services/registry/sweeps.ts';
import { createRollouts } from '../../../services/rollouts/rollouts.ts';
import { versionOf } from '../../core/tls-probe/endpoints.ts';
import type { IssuedCertificate } from '../../factories/certificates.ts';
import { fakeCommands } from '../../fakes/commands.ts';
import { fakeExecutions } from '../../fakes/executions.ts';
import { fakePacing } from '../../fakes/pacing.ts';
import { settableClock } from '../../fakes/settable-clock.ts';
import { facts, fingerprint, source } from './factories.ts';
import { tableNames } from './world.ts';

export const [hostA, hostB] = ['i-0aaaaaaaaaaaaaaa0', 'i-0bbbbbbbbbbbbbbb0'] as const;

/** A certificate of its own for each test, so that none sees the targets of another. */
export function aSweptCertificate(documents: DynamoDBDocumentClient) {
  const certificate = `${randomUUID().slice(0, 8)}.example.test`;
  // Hosts that are what a test says they are; cannot show: SSM, EC2 and Auto Scaling.
  function sweeping(hosts: readonly { host: string; address: string | null }[] = []) {
    const registry = tableNames.registry;
    const clock = settableClock();
    const away = new Map<string, string | Error>();
    const published: { of: MeasuredThing; measured: Measured }[] = [];
    const services = {
      catalogue: createCatalogue(documents, registry),
      fleet: { resolve: async () => hosts.map((host) => ({ ...host, online: true })) },
      installed: createInstalledVersions(documents, registry),
      rollouts: createRollouts(documents, registry),
      sweeps: createSweeps(documents, registry),
      executions: fakeExecutions(),
      measures: { publish: (of: MeasuredThing, measured: Measured) => void published.push({ of, measured }) },
      rolloutArn: () => 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout',
      clock,
      look,
      probeFrom: 'lambda' as const,
      commands: fakeCommands(),
      hostLocks: createHostLocks(documents, tableNames.locks),
      pacing: fakePacing(),
      reachable: {
        async whyAway(host: string) {
          const why = away.get(host) ?? null;
          if (why instanceof Error) throw why;
          return why;
        },
      },
      sleep: async (milliseconds: number) => {
        clock.set(new Date(clock.now().getTime() + milliseconds).toISOString());
      },
    };
    const handler = createHandler(services);
    const sweep = (input: { heal?: boolean } = {}) => handler({ certificate, heal: true, ...input });
    return { ...services, published, away, sweep };
  }

  async function registered(id: string, port: number, changes: object = {}) {
    const target = RegisteredTarget.parse({
      id: `${id}-${certificate.slice(0, 8)}`,
      certificate,
      host: hostA,
      kind: 'files',
      config: { certPath: '/tls/cert.pem', keyPath: '/tls/key.pem', reloadCommand: ['true'] },
      verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test', timeoutSeconds: 5 },
      autoHeal: true,
      ...changes,
    });
    await createCatalogue(documents, tableNames.registry).putTarget(target, 'cli');
    return target.id;
  }

  async function installed(targetId: string, version: IssuedCertificate, changes: object = {}) {
    const facts = versionOf(version);
    const item = {
      targetId,
      certificate,
      host: hostA,
      fingerprint: facts.fingerprint,
      notAfter: facts.notAfter,
      version: facts,
      outcome: 'deployed',
      deploymentId: 'd-1',
      rollout: 'r-1',
      fence: 1,
      at: '2026-11-01T00:00:00Z',
      ...changes,
    };
    await documents.send(
      new PutCommand({ TableName: tableNames.registry, Item: { ...installedKey(targetId), ...item } }),
    );
  }

  async function isCurrent(version: IssuedCertificate) {
    const { fingerprint: current, notAfter } = versionOf(version);
    const catalogue = createCatalogue(documents, tableNames.registry);
    await catalogue.setCurrentVersion(certificate, { fingerprint: current, source, notAfter }, 1);
  }

  async function isCertificate(said: object) {
    const thing = Certificate.parse({ name: certificate, ...said });
    await createCatalogue(documents, tableNames.registry).putCertificate(thing, 'cli');
  }

  const aRollout = (id: string) => {
    const version = { fingerprint: fingerprint('next'), source, notAfter: 1_900_000_000 };
    const { sequence: _, ...rollout } = Rollout.parse({
      id,
      executionArn: `arn:aws:states:eu-west-1:123456789012:execution:certferry-rollout:${id}`,
      startedAt: '2026-11-22T11:00:00Z',
      certificate,
      version,
      facts: facts('next'),
      repeat: true,
      sequence: 0,
      only: null,
      urgent: false,
      reason: 'asked for',
      strategy: {},
      serviceEndpoints: [],
    });
    return rollout;
  };

  return { certificate, sweeping, registered, installed, isCurrent, isCertificate, aRollout };
}
