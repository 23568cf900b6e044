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
import type { Stage } from './stage.ts';
import type { IssuedCertificate } from './throwaway-ca.ts';

/** What went otherwise than the demo says it does. */
export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}

/** The deployments of the demo, and those who take part. */
export interface Play {
  readonly backend: Pick<LocalBackend, 'deploy'>;
  readonly stage: Stage;
  readonly terminal: Terminal;
}

/** How a deployment has to end, which states it has to pass, and what has to be served afterwards. */
export interface Ending {
  readonly outcome: DeploymentOutcome;
  readonly through: readonly string[];
  readonly served: IssuedCertificate;
  readonly called: string;
}

/**
 * Deploys a version, printing the path while it is walked, and then looks at the server itself. Throws DemoFailed
 * when the deployment ends otherwise, or something else is served.
 */
export async function deployVersion(
  { backend, stage, terminal }: Play,
  version: IssuedCertificate,
  ending: Ending,
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
    { target: stage.target, action: 'deploy', version: { secret, fingerprint: facts.fingerprint } },
    onEvent,
  );
  const states = visitsOf(events).map(({ state }) => state);
  const missed = ending.through.filter((state) => !states.includes(state));
  if (output.outcome !== ending.outcome || missed.length > 0) {
    throw new DemoFailed(
      `this deployment was to end as ${ending.outcome} by way of ${ending.through.join(', ')}; ` +
        `it ended as ${output.outcome} by way of ${states.join(', ')}: ${output.summary}`,
    );
  }
  const cost = `${duration(elapsed(events))}, ${states.length} transitions`;
  out('');
  out(`  ${mark(output.outcome, colours)} ${output.outcome} (${cost})`);
  await expectServed({ stage, terminal }, ending);
}

/** Looks at the server as any client would. Throws DemoFailed when it serves something else. */
export async function expectServed(
  { stage, terminal }: Pick<Play, 'stage' | 'terminal'>,
  { served, called }: Pick<Ending, 'served' | 'called'>,
): Promise<void> {
  const { out, colours } = terminal;
  const fingerprint = await servedBy(stage);
  if (fingerprint !== served.fingerprint) {
    throw new DemoFailed(
      `${called} (${served.fingerprint}) was to be served; ${fingerprint ?? 'nothing'} is`,
    );
  }
  out(
    `  ${colours.green('✔')} a inspectEndpoint from outside: ${called} is served, ${shortFingerprint(fingerprint)}`,
  );
}

/** The leaf that a server serves to a client that asks for its name; null when there is none. */
export async function servedBy({ target: { verify } }: Stage): Promise<string | null> {
  if (verify === 'none') throw new DemoFailed('the target of the demo has an endpoint');
  const { endpoint, serverName } = verify;
  const [first] = await inspectEndpoint(
    { endpoint, serverName, protocol: 'tls', timeoutSeconds: 3 },
    new Date(),
  );
  return first?.served?.fingerprint ?? null;
}

/** Inode and modification time of the live files: a file that was written, or replaced by the same bytes, differs. */
export function identityOf({ paths }: Stage): string {
  const files = [paths.certPath, paths.keyPath].map((path) => statSync(path, { bigint: true }));
  return files.map(({ ino, mtimeNs }) => `${ino} ${mtimeNs}`).join(', ');
}
