import * as z from 'zod/mini';
import { VersionFacts } from '../../core/deployment/version.ts';
import { VerifyPolicy } from '../../core/targets/verify.ts';
import { Activation } from '../activations/activation.ts';

const Metadata = z.strictObject({ mode: z.int(), uid: z.int(), gid: z.int() });

/**
 * One file of a change, with all that is needed to finish or undo it later. `path` is where the bytes live (links
 * followed), `staged` the temporary beside it, `backup` where the replaced file is kept. `before` is null when there
 * was no file. Digests are SHA-256 in hex: never bytes.
 */
export const ChangedFile = z.strictObject({
  role: z.enum(['certificate', 'chain', 'privateKey', 'combined', 'trigger']),
  path: z.string(),
  staged: z.string(),
  backup: z.string(),
  digest: z.string(),
  metadata: Metadata,
  before: z.nullable(z.strictObject({ digest: z.string(), metadata: Metadata })),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/** A change of one target on this host: what the journal keeps while it is half done, and the receipt afterwards. */
export const Change = z.strictObject({
  deploymentId: z.string(),
  targetId: z.string(),
  fence: z.int(),
  files: z.array(ChangedFile),
  activate: z.nullable(Activation),
  validate: z.nullable(z.array(z.string())),
  /** How to start a sandbox of the daemon; null where none is wanted, `[]` where this kind has none. */
  sandbox: z.nullable(z.array(z.string())),
  commandTimeoutSeconds: z.int(),
  backupRetention: z.int(),
  verify: VerifyPolicy,
  version: VersionFacts,
  previousVersion: z.nullable(VersionFacts),
});
export type Change = z.infer<typeof Change>;
