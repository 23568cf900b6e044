import * as z from 'zod/mini';
import { VersionFacts } from '../../core/deployment/version.ts';
import { VerifyPolicy } from '../../core/targets/verify.ts';
import { Activation } from '../activations/activation.ts';
import { FileUser } from '../host/file-user.ts';

const Metadata = z.strictObject({ mode: z.int(), uid: z.int(), gid: z.int() });

/**
 * One file of a change, with everything needed to complete or reverse it later. `path` is the file itself (symbolic links
 * resolved), `staged` the temporary file beside it, `backup` the copy of the replaced file. `previous` is null if there
 * was no file. Digests are SHA-256 in hex. Contains no file content.
 */
export const ChangedFile = z.strictObject({
  role: z.enum(['certificate', 'chain', 'privateKey', 'combined', 'trigger']),
  path: z.string(),
  staged: z.string(),
  backup: z.string(),
  digest: z.string(),
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
  /** As in `DesiredChange`. */
  sandbox: z.nullable(z.array(z.string())),
  commandTimeoutSeconds: z.int(),
  backupRetention: z.int(),
  verify: VerifyPolicy,
  version: VersionFacts,
  previousVersion: z.nullable(VersionFacts),
});
export type Change = z.infer<typeof Change>;
