import * as z from 'zod/mini';
import { described } from '../targets/kinds/described.ts';

const name = z.string().check(z.minLength(1), z.maxLength(2048));

const AcmArn = z
  .string()
  .check(
    z.regex(
      /^arn:[a-z0-9-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/,
      'the ARN of an ACM certificate that may be exported',
    ),
  );

/** The naming rules of S3 that a typing error is likely to break. */
const Bucket = z
  .string()
  .check(z.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket, such as my-certificates'));

const kindDescription =
  'The service that stores the versions: secretsmanager, acm (exportable), s3 (versioned bucket) or parameter (SecureString).';

function kindOf<Name extends string>(kind: Name) {
  return described(z.literal(kind), kindDescription);
}

const secretId = described(name, 'The name or ARN of the secret.');
const certificateArn = described(AcmArn, 'The ARN of the ACM certificate, which must be exportable.');
const bucket = described(Bucket, 'The bucket, which must have versioning enabled.');
const key = described(name, 'The key of the object in the bucket.');
const parameterName = described(name, 'The name of the parameter.');

/** The source of a certificate, without a version. See `docs/sources.md` for the content of secret, object and parameter. */
export const CertificateSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: kindOf('secretsmanager'), secretId }),
  z.strictObject({ kind: kindOf('acm'), certificateArn }),
  z.strictObject({ kind: kindOf('s3'), bucket, key }),
  z.strictObject({ kind: kindOf('parameter'), name: parameterName }),
]);
export type CertificateSource = z.infer<typeof CertificateSource>;
export type SourceKind = CertificateSource['kind'];

/**
 * The source of one version, pinned, so that a retry reads the same bytes. ACM has no versions: the fingerprint stored
 * beside the source shows whether ACM still returns the same version.
 */
export const Source = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secretsmanager'), secretId: name, versionId: name }),
  z.strictObject({ kind: z.literal('acm'), certificateArn: AcmArn }),
  z.strictObject({ kind: z.literal('s3'), bucket: Bucket, key: name, versionId: name }),
  z.strictObject({ kind: z.literal('parameter'), name, version: z.int().check(z.positive()) }),
]);
export type Source = z.infer<typeof Source>;
