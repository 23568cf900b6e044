import * as z from 'zod/mini';
import { described } from './described.ts';
import { AbsolutePath } from './fields.ts';

const name = z.string().check(z.minLength(1), z.maxLength(2048));

const field = described(
  z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
  'The field of the secret, if its value is a JSON object.',
);

/**
 * A reference to a credential of a target, never the credential itself: a secret of Secrets Manager, a SecureString of
 * Parameter Store or, in local mode only, a file. The function that sends or runs a job reads it. The value travels only in
 * the sealed part of a job.
 */
export const Credential = z.union([
  z.strictObject({ secretId: described(name, 'The name or ARN of the secret in Secrets Manager.'), field }),
  z.strictObject({ parameter: described(name, 'The name of the SecureString in Parameter Store.') }),
  z.strictObject({ file: described(AbsolutePath, 'A file that only its owner can read. Local mode only.') }),
]);
export type Credential = z.infer<typeof Credential>;
