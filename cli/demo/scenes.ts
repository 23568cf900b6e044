import { readFileSync } from 'node:fs';
import { readBundle } from '../../core/certificate/read-bundle.ts';
import { isCertferryError } from '../../core/errors.ts';
import { fold } from '../render/text.ts';
import { DemoFailed, deployVersion, expectServed, identityOf, type Play } from './scene.ts';
import { serverName } from './stage.ts';
import type { Authority } from './throwaway-ca.ts';

/** The scenes with one server. Throws DemoFailed at the first thing that is not as described. */
export async function performScenes(play: Play, authority: Authority): Promise<void> {
  const issue = () => authority.issue({ names: [serverName] });
  const [first, second, third] = [await issue(), await issue(), await issue()];
  const deployed = { outcome: 'deployed', through: ['PushBundle', 'ProbeEndpoint'] } as const;

  announce(play, 1, 'The first deployment: version 1.');
  await deployVersion(play, first, { ...deployed, served: first, called: 'version 1' });

  announce(play, 2, 'A renewal: version 2 takes the place of version 1.');
  await deployVersion(play, second, { ...deployed, served: second, called: 'version 2' });

  announce(
    play,
    3,
    'Version 3 is installed and the reload succeeds, but the server is stuck with version 2.',
  );
  play.stage.getStuck();
  await deployVersion(play, third, {
    outcome: 'rolled_back',
    through: ['ProbeEndpoint', 'BackOff', 'RollBack', 'ProbeRestored'],
    served: second,
    called: 'version 2',
  });
  expectFiles(play, second.fullchainPem);

  announce(play, 4, 'A bad bundle: the certificate of version 4 with the key of version 3.');
  const fourth = await issue();
  refuseBundle(play, { certificate: fourth.fullchainPem, key: third.keyPem });
  await expectServed(play, { served: second, called: 'version 2' });
}

/** The head of a scene. */
export function announce(
  { terminal: { out, colours } }: Pick<Play, 'terminal'>,
  number: number,
  words: string,
): void {
  out('');
  out(colours.bold(`${number}. ${words}`));
  out('');
}

function expectFiles({ stage, terminal: { out, colours } }: Play, fullchain: string): void {
  if (readFileSync(stage.paths.certPath, 'utf8') !== fullchain) {
    throw new DemoFailed(`${stage.paths.certPath} was to hold version 2 again, and does not`);
  }
  out(`  ${colours.green('✔')} the files on disk are version 2 again, so a restart would not change that`);
}

function refuseBundle(
  { stage, terminal: { out, colours, width } }: Play,
  bad: { certificate: string; key: string },
): void {
  const before = identityOf(stage);
  const refusal = refusalOf(bad);
  if (refusal?.name !== 'KeyMismatch') {
    throw new DemoFailed(
      `the bundle was to be refused as KeyMismatch: ${refusal?.name ?? 'it was accepted'}`,
    );
  }
  if (identityOf(stage) !== before) throw new DemoFailed('the live files were touched by a refused bundle');
  const [first = '', ...rest] = fold(`rejected: ${refusal.message}`, width - 4);
  out(`  ${colours.red('✖')} ${first}`);
  for (const line of rest) out(`    ${line}`);
  out(`  ${colours.green('✔')} nothing was started, and the live files are the same inodes as before`);
}

function refusalOf(bad: { certificate: string; key: string }): Error | null {
  try {
    readBundle(bad, new Date());
    return null;
  } catch (error) {
    if (isCertferryError(error)) return error;
    throw error;
  }
}
