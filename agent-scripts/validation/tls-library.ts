import { existsSync, readFileSync } from 'node:fs';
import { tryOr } from '../../core/certificate/try-or.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { captureCommand } from '../host/run-command.ts';

/** Reads text that contains the version of the OpenSSL that a daemon runs with. `program`: that of the daemon's own check. */
type ReadVersion = (program: string) => Promise<string>;

/** How to find the version, by the name of the program. The modules are those of Debian, Red Hat and Alpine. */
const readers: Readonly<Record<string, ReadVersion>> = {
  nginx: (program) => outputOf([program, '-V']),
  haproxy: (program) => outputOf([program, '-vv']),
  postfix: (program) => outputOf([program.replace(/postfix$/, 'postconf'), '-T', 'run-version']),
  apachectl: () =>
    libraryOf(
      '/usr/lib/apache2/modules/mod_ssl.so',
      '/usr/lib64/httpd/modules/mod_ssl.so',
      '/usr/lib/apache2/mod_ssl.so',
    ),
  doveconf: () =>
    libraryOf(
      '/usr/lib/dovecot/modules/libssl_iostream_openssl.so',
      '/usr/lib64/dovecot/libssl_iostream_openssl.so',
      '/usr/lib/dovecot/libssl_iostream_openssl.so',
    ),
};

const timeoutSeconds = 10;

/** All of the output: a result may contain the end only, and nginx begins with the version. */
async function outputOf(argv: readonly string[]): Promise<string> {
  return (await captureCommand(argv, timeoutSeconds)).rawOutput.toString('latin1');
}

/** The text in the libcrypto that the first existing one of these files loads; empty if there is none. */
async function libraryOf(...files: readonly string[]): Promise<string> {
  const file = files.find((path) => existsSync(path));
  if (file === undefined) return '';
  const [, library = ''] = /libcrypto\S* => (\/\S+)/.exec(await outputOf(['ldd', file])) ?? [];
  const text = tryOr(() => readFileSync(library, 'latin1'), '');
  return /OpenSSL \d+\.\d+\.\w+ +\d+ [A-Z][a-z]+ \d{4}/.exec(text)?.[0] ?? '';
}

/** The first OpenSSL with ML-DSA (openssl.org, changes of 3.5). */
const firstWithMlDsa = { major: 3, minor: 5 };

/**
 * Refuses a version with a key of ML-DSA if the daemon runs with an OpenSSL that cannot load it. Does nothing for other
 * keys, and if the OpenSSL of the daemon is unknown: its own check of the staged files decides then. `validate`: argv of
 * that check.
 * @throws CertferryError KeyTypeUnsupported
 */
export async function refuseOldTlsLibrary(
  { keyAlgorithm }: VersionFacts,
  validate: readonly string[] | null,
): Promise<void> {
  const [program = ''] = validate ?? [];
  const name = program.slice(program.lastIndexOf('/') + 1);
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (keyAlgorithm !== 'ml-dsa' || read === undefined) return;
  const library = openSslIn(await read(program));
  if (library === null || library.hasMlDsa) return;
  const { major, minor } = firstWithMlDsa;
  const message = `${name} runs with OpenSSL ${library.version}, which cannot load a certificate with an ML-DSA key; it needs OpenSSL ${major}.${minor}. Update the daemon and its OpenSSL, or issue the certificate with an RSA or ECDSA key.`;
  throw new CertferryError('KeyTypeUnsupported', message, { details: { program, openssl: library.version } });
}

/** The last version in a text: that of the library in use follows the one that the program was built with. */
function openSslIn(text: string): { readonly version: string; readonly hasMlDsa: boolean } | null {
  const [version, major, minor] = [...text.matchAll(/\bOpenSSL (\d+)\.(\d+)\.\w+/g)].at(-1) ?? [];
  if (version === undefined) return null;
  const isNewer = Number(major) > firstWithMlDsa.major;
  const hasMlDsa =
    isNewer || (Number(major) === firstWithMlDsa.major && Number(minor) >= firstWithMlDsa.minor);
  return { version: version.replace('OpenSSL ', ''), hasMlDsa };
}
