import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AssetHashType, BundlingOutput, DockerImage } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { sha256Of } from '../common/artefacts.ts';

/**
 * The Node runtime of the agent on hosts. `host` uses the `node` of each host, 20.12 or later. `file` is a Node binary for
 * Linux that hosts download; if `sha256` is set, synthesis fails for a file with another digest.
 */
export type Runtime =
  | 'host'
  | {
      /** The path of the binary. */
      readonly file: string;
      /** The digest of the binary, in hexadecimal digits. */
      readonly sha256?: string;
    };

/** A runtime in the form that the SSM document contains. */
export interface PinnedRuntime {
  readonly url: string;
  /** The digest of the unpacked binary; empty for `host`. */
  readonly sha256: string;
  /** The size of the unpacked binary in bytes, as text; empty for `host`. */
  readonly bytes: string;
  readonly asset: Asset | null;
}

/** Uploads the compressed runtime: 45 MB instead of 127. The digest is that of the uncompressed binary. */
export function pinRuntime(scope: Construct, runtime: Runtime): PinnedRuntime {
  if (runtime === 'host') return { url: 'host', sha256: '', bytes: '', asset: null };
  requireLinuxBinary(runtime.file);
  const sha256 = sha256Of(runtime.file);
  if (runtime.sha256 !== undefined && runtime.sha256 !== sha256) {
    throw new Error(
      `The runtime ${runtime.file} has SHA-256 ${sha256}, expected ${runtime.sha256}. Check the file or correct \`sha256\`.`,
    );
  }
  const asset = packedAsset(scope, runtime.file, sha256);
  return { url: asset.s3ObjectUrl, sha256, bytes: String(statSync(runtime.file).size), asset };
}

/** The binary of the installed npm package `node`. Throws if the package is not installed. */
export function installedRuntime(): Runtime {
  const require = createRequire(import.meta.filename);
  try {
    return { file: join(dirname(require.resolve('node/package.json')), 'bin', 'node') };
  } catch (cause) {
    throw new Error(
      "No runtime for the hosts: install the npm package `node`, or set runtime: 'host' or { file }.",
      { cause },
    );
  }
}

/** The digest of the binary names the asset, so an unchanged binary is compressed and uploaded only once. */
function packedAsset(scope: Construct, file: string, sha256: string): Asset {
  return new Asset(scope, 'Runtime', {
    path: dirname(file),
    assetHash: sha256,
    assetHashType: AssetHashType.CUSTOM,
    bundling: {
      image: DockerImage.fromRegistry('none'),
      outputType: BundlingOutput.SINGLE_FILE,
      local: {
        tryBundle(outputFolder) {
          writeFileSync(join(outputFolder, 'node.gz'), gzipSync(readFileSync(file)));
          return true;
        },
      },
    },
  });
}

/** Checks the first bytes of an ELF file (elf.h): on macOS the installed binary would not run on a host. */
function requireLinuxBinary(file: string): void {
  if (!existsSync(file))
    throw new Error(`The runtime ${file} does not exist. Correct the path in \`runtime.file\`.`);
  const magic = Buffer.alloc(4);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, magic, 0, magic.length, 0);
  closeSync(descriptor);
  if (!magic.equals(Buffer.from('\x7fELF', 'latin1'))) {
    throw new Error(
      `The runtime ${file} is not a Linux binary: set { file } to one, or runtime: 'host' (cdk synth -c runtime=host).`,
    );
  }
}
