import * as z from 'zod/mini';

/** SHA-256 of the content in hex, permission bits and numeric owner of a file on the server. */
export const FileState = z.strictObject({
  digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
});
export type FileState = z.infer<typeof FileState>;

export const FileRole = z.enum(['chain', 'privateKey', 'certificate']);
export type FileRole = z.infer<typeof FileRole>;

/** One file of a plan. `path`: with links resolved. `next`, `previous`: null if the file is absent. */
export const PlannedFile = z.strictObject({
  role: FileRole,
  path: z.string(),
  /** Beside `path`: the new version until its rename, the copy of the previous version, and its copy while it is restored. */
  staged: z.string(),
  backup: z.string(),
  restoring: z.string(),
  /** Owner of a new file: null keeps the user that logs in. */
  next: z.nullable(
    z.strictObject({
      digest: FileState.shape.digest,
      mode: z.int(),
      uid: z.nullable(z.int()),
      gid: z.nullable(z.int()),
    }),
  ),
  previous: z.nullable(FileState),
});
export type PlannedFile = z.infer<typeof PlannedFile>;

/** What a deployment changes on the server, in the order of the renames. */
export const SshPlan = z.strictObject({
  /** The key of the server, as `SHA256:` and base64. With `trustOnFirstUse`, the receipts of the target pin it. */
  hostKey: z.string(),
  files: z.array(PlannedFile),
});
export type SshPlan = z.infer<typeof SshPlan>;
