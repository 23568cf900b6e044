import * as z from 'zod/mini';
import { VersionFacts } from '../../core/deployment/version.ts';
import { VerifyPolicy } from '../../core/targets/verify.ts';
import { Activation } from '../activations/activation.ts';
import { FileUser } from '../host/file-user.ts';

const Metadata = z.strictObject({ mode: z.int(), uid: z.int(), gid: z.int() });

/**
 * One file of a change, with everything needed to complete or reverse it later. `path` is the file itself (symbolic links
 * resolved), `configured` the path with links, `staged` the temporary file beside the file, `backup` the copy of the
 * replaced file. `previous` is null if there was no file. Digests are SHA-256 in hex. Contains no file content.
 */
export const ChangedFile = z.strictObject({
  role: z.enum(['certificate', 'chain', 'privateKey', 'combined', 'trigger']),
  path: z.string(),
  /** Omitted if the path contains no link. A program that renews certificates may change the link later. */
  configured: z.optional(z.string()),
  staged: z.string(),
  backup: z.string(),
  digest: z.string(),
  /** The file has entries of others, and is compared by meaning. Its certificate is not PEM. */
  merged: z.optional(z.literal(true)),
  metadata: Metadata,
  previous: z.nullable(z.strictObject({ digest: z.string(), metadata: Metadata })),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/** A change for one target on this host. The journal contains it while it is made, the receipt afterwards. */
export const Change = z.strictObject({
  deploymentId: z.string(),
  targetId: z.string(),
  fence: z.int(),
  /** Omitted: the agent's own privileges. */
  fileUser: z.optional(FileUser),
  files: z.array(ChangedFile),
  activate: z.nullable(Activation),
  validate: z.nullable(z.array(z.string())),
  /** `validate` needs a secret on its standard input. */
  validateInput: z.optional(z.literal(true)),
  /** As in `DesiredChange`. */
  sandbox: z.nullable(z.array(z.string())),
  commandTimeoutSeconds: z.int(),
  backupRetention: z.int(),
  verify: VerifyPolicy,
  version: VersionFacts,
  previousVersion: z.nullable(VersionFacts),
  /**
   * The files had this version before the job, because another program wrote it. `recorded`: `previous` of each file is the
   * version of the last receipt. `unknown`: no receipt has a usable version, and nothing can be restored. Omitted: the
   * files had another version.
   */
  inPlace: z.optional(z.enum(['recorded', 'unknown'])),
  /** The home keeps a copy of the installed files: the next deployment in place finds its previous version there. */
  copies: z.optional(z.literal(true)),
});
export type Change = z.infer<typeof Change>;
