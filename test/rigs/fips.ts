// OpenSSL in FIPS mode for child processes, with the FIPS provider of this machine.

import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Need } from './require-daemon.ts';

/** `CERTFERRY_TEST_FIPS_MODULE` names a module outside of the folders of OpenSSL. */
const module: string | undefined =
  process.env.CERTFERRY_TEST_FIPS_MODULE ?? globSync('/usr/lib*/{*/,}ossl-modules/fips.so')[0];

/** The FIPS provider of OpenSSL. */
export const fips: Need = {
  name: 'the FIPS provider (test/peers/install-fips-provider)',
  met: () => module !== undefined,
};

/**
 * The environment in which Node uses only approved algorithms: its OpenSSL reads this configuration
 * (Node documentation, "FIPS mode"). Files are written to `folder`.
 */
export function fipsEnvironment(folder: string): { readonly OPENSSL_CONF: string } {
  if (module === undefined) throw new Error('this machine has no FIPS provider');
  const installed = join(folder, 'fips-module.cnf');
  execFileSync('openssl', ['fipsinstall', '-quiet', '-module', module, '-out', installed]);
  const file = join(folder, 'openssl-fips.cnf');
  const settings = `nodejs_conf = node
[node]
providers = providers
alg_section = algorithms
[providers]
fips = fips_sect
base = base_sect
[base_sect]
activate = 1
[algorithms]
default_properties = fips=yes
${readFileSync(installed, 'utf8')}
module = ${module}
`;
  writeFileSync(file, settings);
  return { OPENSSL_CONF: file };
}
