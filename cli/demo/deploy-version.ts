import { statSync } from 'node:fs';
import { readBundle } from '../../core/certificate/read-bundle.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { inspectEndpoint } from '../../core/tls-probe/inspect-endpoint.ts';
import type { LocalBackend } from '../../local/backend/local-backend.ts';
import { pathPrinter } from '../render/path-printer.ts';
import { mark } from '../render/summary.ts';
import { duration, shortFingerprint } from '../render/text.ts';
import { elapsed } from '../report/deployment-report.ts';
import { visitsOf } from '../report/visits.ts';
import { machineFile } from '../terminal/built-files.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { DemoServer } from './demo-server.ts';
import type { IssuedCertificate } from './throwaway-ca.ts';

/** A result of the demo differs from its description. */
export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}

/** The participants of a scene with one server. */
export interface ServerScene {
  readonly backend: Pick<LocalBackend, 'deploy'>;
  readonly server: DemoServer;
  readonly terminal: Terminal;
}

/** The expected outcome of a deployment, the states it must visit, and the version served afterwards. */
export interface ExpectedDeployment {
  readonly outcome: DeploymentOutcome;
  readonly states: readonly string[];
  readonly served: IssuedCertificate;
  readonly versionName: string;
}

/**
 * Deploys a version, prints each visited state, and then probes the server.
 *
 * @throws DemoFailed when the outcome, the states or the served certificate differ from `expected`
 */
export async function deployVersion(
  { backend, server, terminal }: ServerScene,
  version: IssuedCertificate,
  expected: ExpectedDeployment,
): Promise<void> {
  const { out, colours } = terminal;
  const layout = { colours, width: terminal.width - 2 };
  const onEvent = pathPrinter(machineFile('deploy-target'), layout, (line) => out(`  ${line}`));
  const { bundle, facts } = readBundle(
    { certificate: version.fullchainPem, key: version.keyPem },
    new Date(),
  );
  const secret = { certificate: bundle.leaf, chain: bundle.chain.join(''), privateKey: bundle.key };
  const { output, events } = await backend.deploy(
    { target: server.target, action: 'deploy', version: { secret, fingerprint: facts.fingerprint } },
    onEvent,
  );
  const states = visitsOf(events).map(({ state }) => state);
  const missed = expected.states.filter((state) => !states.includes(state));
  if (output.outcome !== expected.outcome || missed.length > 0) {
    throw new DemoFailed(
      `expected outcome ${expected.outcome} with the states ${expected.states.join(', ')}; ` +
        `the outcome is ${output.outcome} with the states ${states.join(', ')}: ${output.summary}`,
    );
  }
  const figures = `${duration(elapsed(events))}, ${states.length} transitions`;
  out('');
  out(`  ${mark(output.outcome, colours)} ${output.outcome} (${figures})`);
  await expectServed({ server, terminal }, expected);
}

/**
 * Probes the server as any client would.
 *
 * @throws DemoFailed when the server does not serve the expected version
 */
export async function expectServed(
  { server, terminal }: Pick<ServerScene, 'server' | 'terminal'>,
  { served, versionName }: Pick<ExpectedDeployment, 'served' | 'versionName'>,
): Promise<void> {
  const { out, colours } = terminal;
  const fingerprint = await servedBy(server);
  if (fingerprint !== served.fingerprint) {
    throw new DemoFailed(
      `the endpoint should serve ${versionName} (${served.fingerprint}); it serves ${fingerprint ?? 'no certificate'}`,
    );
  }
  out(
    `  ${colours.green('✔')} External probe: the endpoint serves ${versionName}, ${shortFingerprint(fingerprint)}`,
  );
}

/** The fingerprint of the leaf that a server serves; null when the handshake fails. */
export async function servedBy({ target: { verify } }: DemoServer): Promise<string | null> {
  if (verify === 'none') throw new DemoFailed('the demo target has verify: none and cannot be probed');
  const { endpoint, serverName } = verify;
  const [first] = await inspectEndpoint(
    { endpoint, serverName, protocol: 'tls', timeoutSeconds: 3 },
    new Date(),
  );
  return first?.served?.fingerprint ?? null;
}

/** Inode and modification time of the live files. They change even when a file is replaced by the same bytes. */
export function identityOf({ paths }: DemoServer): string {
  const files = [paths.certPath, paths.keyPath].map((path) => statSync(path, { bigint: true }));
  return files.map(({ ino, mtimeNs }) => `${ino} ${mtimeNs}`).join(', ');
}
