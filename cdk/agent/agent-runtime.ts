import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AssetHashType, BundlingOutput, DockerImage } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { sha256Of } from '../common/artefacts.ts';

/**
 * On what hosts run the agent: a Node binary for Linux that the stack brings (`file`; `sha256` refuses any other one),
 * or `host`, the `node` of each host's own, 20.12 or later.
 */
export type Runtime = 'host' | { readonly file: string; readonly sha256?: string };

/** A runtime as the document names it. */
export interface PinnedRuntime {
  readonly url: string;
  /** Of the unpacked binary; empty for `host`. */
  readonly sha256: string;
  readonly asset: Asset | null;
}

/** Uploads the runtime, packed: 127 MB become 45. The digest is of the binary itself, whoever packed it. */
export function pinRuntime(scope: Construct, runtime: Runtime): PinnedRuntime {
  if (runtime === 'host') return { url: 'host', sha256: '', asset: null };
  requireLinuxBinary(runtime.file);
  const sha256 = sha256Of(runtime.file);
  if (runtime.sha256 !== undefined && runtime.sha256 !== sha256) {
    throw new Error(`the runtime ${runtime.file} has SHA-256 ${sha256}, expected ${runtime.sha256}`);
  }
  const asset = packedAsset(scope, runtime.file, sha256);
  return { url: asset.s3ObjectUrl, sha256, asset };
}

/** The binary of the `node` package that this stack was installed with. Throws when it is not installed. */
export function installedRuntime(): Runtime {
  const require = createRequire(import.meta.url);
  try {
    return { file: join(dirname(require.resolve('node/package.json')), 'bin', 'node') };
  } catch (cause) {
    throw new Error(
      "no runtime for the hosts: install the npm package `node`, or pass runtime: 'host' or { file }",
      { cause },
    );
  }
}

/** Named by the binary's digest, so it is packed and uploaded once for as long as the binary stays the same. */
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

/** The first bytes of an ELF file (elf.h), so that a stack synthesized on a Mac does not bring hosts a Mac's binary. */
function requireLinuxBinary(file: string): void {
  if (!existsSync(file)) throw new Error(`the runtime ${file} does not exist`);
  const magic = Buffer.alloc(4);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, magic, 0, magic.length, 0);
  closeSync(descriptor);
  if (!magic.equals(Buffer.from('\x7fELF', 'latin1'))) {
    throw new Error(
      `the runtime ${file} is not a Linux binary: pass { file } with one, or runtime: 'host' (cdk synth -c runtime=host)`,
    );
  }
}
