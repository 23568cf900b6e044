// The data before a story: a certificate whose first version was rolled out, and its targets on their hosts.
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { Certificate } from '../../../core/registry/certificate.ts';
import { Strategy, type StrategyOverrides } from '../../../core/registry/strategy.ts';
import { RolloutRequest } from '../../../core/rollout/rollout.ts';
import { installationDigest } from '../../../core/targets/installation-digest.ts';
import { memberOf, RegisteredTarget } from '../../../core/targets/registered.ts';
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../../services/registry/catalogue.ts';
import { installedKey } from '../../../services/registry/installed-versions.ts';
import { createRollouts } from '../../../services/rollouts/rollout-store.ts';
import { source } from './versions.ts';
import type { World } from './world.ts';

export const certificate = 'www.example.test';

export interface FleetOptions {
  readonly targets: number;
  readonly hosts: number;
  readonly strategy: StrategyOverrides;
  readonly services: boolean;
  /** Percentage of targets that were never deployed to. */
  readonly bare: number;
}

const hostOf = (at: number) => `i-${String(at).padStart(17, '0')}`;

export const registered = (at: number, { hosts }: FleetOptions, isOpen = false) =>
  RegisteredTarget.parse({
    id: `t${at}`,
    certificate,
    host: hostOf(at % hosts),
    kind: 'files',
    config: { certPath: '/tls/cert.pem', keyPath: '/tls/key.pem', reloadCommand: ['true'] },
    verify: isOpen
      ? 'none'
      : { endpoint: `t${at}:443`, serverName: certificate, attempts: 2, requireChain: false },
    autoHeal: true,
  });

export async function seed(world: World, setting: FleetOptions): Promise<void> {
  const { documents } = world.memory;
  const catalogue = createCatalogue(documents, tableNames.registry);
  const rollouts = createRollouts(documents, tableNames.registry);
  const endpoints = setting.services
    ? [{ endpoint: 'service:443', serverName: certificate, attempts: 2 }]
    : [];
  const location = { kind: 'secretsmanager', secretId: 'certferry/api' };
  const thing = {
    name: certificate,
    source: location,
    strategy: setting.strategy,
    serviceEndpoints: endpoints,
  };
  await catalogue.putCertificate(Certificate.parse(thing), 'cli');
  const [fingerprint = '', before = ''] = [world.versions.all[0], world.versions.all[1]];
  const version = { fingerprint, source, notAfter: 1_900_000_000 };
  const startedAt = '2026-11-01T00:00:00.000Z';
  const first = { id: 'first', executionArn: 'arn:first', startedAt, certificate, version, only: null };
  await rollouts.begin({ ...first, strategy: Strategy.parse({}) }, { repeat: false });
  await rollouts.end('first', 'finished', 'it did');
  await catalogue.setCurrentVersion(certificate, version, 1);
  for (let at = 0; at < setting.targets; at += 1) {
    const target = registered(at, setting, world.interleaver.chance(15));
    await catalogue.putTarget(target, 'cli');
    const isBare = world.interleaver.chance(setting.bare);
    const facts = world.versions.facts(fingerprint);
    world.hosts.add(
      target.id,
      hostOf(at % setting.hosts),
      isBare ? null : facts,
      world.versions.facts(before),
    );
    if (isBare) continue;
    const member = memberOf(target, { host: hostOf(at % setting.hosts), address: null });
    const item = {
      targetId: target.id,
      certificate,
      host: hostOf(at % setting.hosts),
      installation: installationDigest(member),
      fingerprint,
      notAfter: 1_900_000_000,
      version: facts,
      outcome: 'deployed',
      deploymentId: 'first',
      rollout: 'first',
      fence: 1,
      at: startedAt,
    };
    await documents.send(
      new PutCommand({ TableName: tableNames.registry, Item: { ...installedKey(target.id), ...item } }),
    );
    const lock = { pk: `target#${target.id}`, fence: 1, requests: 1, latestRequest: 1 };
    await documents.send(new PutCommand({ TableName: tableNames.locks, Item: lock }));
  }
}

export const request = (fields: object) =>
  RolloutRequest.parse({ certificate, reason: 'a story', ...fields });
