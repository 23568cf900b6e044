import { createHash, randomUUID } from 'node:crypto';
import { type AgentLine, agentLine } from '../../../core/deployment/agent-line.ts';
import type { Deployment } from '../../../core/deployment/deployment.ts';
import type { VersionFacts } from '../../../core/deployment/version.ts';
import { createHandler as acquireLock } from '../../../lambdas/handlers/deploy-target/acquire-lock.ts';
import type { World } from './world.ts';

/** A fingerprint that follows from a name. */
export function fingerprint(name: string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export function facts(name: string): VersionFacts {
  return { fingerprint: fingerprint(name), chain: [], keyAlgorithm: 'ec', notAfter: 1_800_000_000 };
}

export const source = { kind: 'secretsmanager', secretId: 'certferry/api', versionId: 'v-1' } as const;

/** The host of a target: another for each, so that tests do not wait for each other's. */
const hostOf = (targetId: string) => `i-${createHash('sha256').update(targetId).digest('hex').slice(0, 17)}`;

export const aTargetId = () => `web-${randomUUID().slice(0, 8)}`;

type Overrides = { target?: Record<string, unknown> } & Record<string, unknown>;

/** The input of an execution, as a person writes it. */
export function rawRequest({ target = {}, ...rest }: Overrides = {}) {
  const id = typeof target.id === 'string' ? target.id : aTargetId();
  return {
    target: {
      id,
      certificate: 'api.example.com',
      host: hostOf(id),
      kind: 'nginx',
      config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem' },
      verify: { endpoint: '127.0.0.1:8443', serverName: 'api.example.com' },
      ...target,
    },
    action: 'deploy',
    version: { fingerprint: fingerprint('new'), source },
    ...rest,
  };
}

/** A context object of an execution that nobody else has. */
export function anExecution(name = `deploy-${randomUUID()}`) {
  return {
    id: `arn:aws:states:eu-west-1:123456789012:execution:deploy-target:${name}`,
    name,
    startedAt: '2026-11-22T11:59:58.500Z',
  };
}

/** A deployment that holds its target's lock. */
export async function heldDeployment(world: World, overrides: Overrides = {}): Promise<Deployment> {
  const event = { execution: anExecution(), request: rawRequest(overrides) };
  return (await acquireLock(world)(event)).deployment;
}

/** What the agent prints for a deployment. */
export function lineOf(
  deployment: Deployment,
  known: Partial<AgentLine> & Pick<AgentLine, 'outcome'>,
): string {
  return `${JSON.stringify(
    agentLine({ deploymentId: deployment.id, targetId: deployment.target.id, summary: 'said', ...known }),
  )}\n`;
}
