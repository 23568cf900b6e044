import { readFileSync } from 'node:fs';
import { readBundle } from '../../core/certificate/read-bundle.ts';
import { isCertferryError } from '../../core/errors.ts';
import { fold } from '../render/text.ts';
import { serverName } from './demo-server.ts';
import { DemoFailed, deployVersion, expectServed, identityOf, type ServerScene } from './deploy-version.ts';
import type { Authority } from './throwaway-ca.ts';

/**
 * Runs the scenes with one server.
 *
 * @throws DemoFailed at the first result that differs from the description
 */
export async function runServerScenes(scene: ServerScene, authority: Authority): Promise<void> {
  const issue = () => authority.issue({ names: [serverName] });
  const [first, second, third] = [await issue(), await issue(), await issue()];
  const deployed = { outcome: 'deployed', states: ['PushBundle', 'ProbeEndpoint'] } as const;

  printHeading(scene, 1, 'The first deployment: version 1.');
  await deployVersion(scene, first, { ...deployed, served: first, versionName: 'version 1' });

  printHeading(scene, 2, 'A renewal: version 2 replaces version 1.');
  await deployVersion(scene, second, { ...deployed, served: second, versionName: 'version 2' });

  printHeading(
    scene,
    3,
    'A failed renewal: version 3 is installed and the reload succeeds, but the server still serves version 2.',
  );
  scene.server.ignoreReloads();
  await deployVersion(scene, third, {
    outcome: 'rolled_back',
    states: ['ProbeEndpoint', 'BackOff', 'RollBack', 'ProbeRestored'],
    served: second,
    versionName: 'version 2',
  });
  expectFiles(scene, second.fullchainPem);

  printHeading(scene, 4, 'An invalid bundle: the certificate of version 4 with the key of version 3.');
  const fourth = await issue();
  rejectBundle(scene, { certificate: fourth.fullchainPem, key: third.keyPem });
  await expectServed(scene, { served: second, versionName: 'version 2' });
}

/** Prints the heading of a scene. */
export function printHeading(
  { terminal: { out, colours } }: Pick<ServerScene, 'terminal'>,
  number: number,
  title: string,
): void {
  out('');
  out(colours.bold(`${number}. ${title}`));
  out('');
}

function expectFiles({ server, terminal: { out, colours } }: ServerScene, fullchain: string): void {
  if (readFileSync(server.paths.certPath, 'utf8') !== fullchain) {
    throw new DemoFailed(`${server.paths.certPath} should contain version 2 again, but does not`);
  }
  out(
    `  ${colours.green('✔')} Files on disk: version 2 again, so the server also serves version 2 after a restart`,
  );
}

function rejectBundle(
  { server, terminal: { out, colours, width } }: ServerScene,
  bundle: { certificate: string; key: string },
): void {
  const previous = identityOf(server);
  const rejection = rejectionOf(bundle);
  if (rejection?.name !== 'KeyMismatch') {
    throw new DemoFailed(
      `the bundle should be rejected with KeyMismatch; the result is ${rejection?.name ?? 'accepted'}`,
    );
  }
  if (identityOf(server) !== previous) throw new DemoFailed('a rejected bundle changed the live files');
  const [first = '', ...rest] = fold(`rejected: ${rejection.message}`, width - 4);
  out(`  ${colours.red('✖')} ${first}`);
  for (const line of rest) out(`    ${line}`);
  out(`  ${colours.green('✔')} No deployment was started, and the live files have the same inodes as before`);
}

function rejectionOf(bundle: { certificate: string; key: string }): Error | null {
  try {
    readBundle(bundle, new Date());
    return null;
  } catch (error) {
    if (isCertferryError(error)) return error;
    throw error;
  }
}
