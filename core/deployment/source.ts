import * as z from 'zod/mini';

const name = z.string().check(z.minLength(1), z.maxLength(2048));

const AcmArn = z
  .string()
  .check(
    z.regex(
      /^arn:[a-z0-9-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/,
      'the ARN of an ACM certificate that may be exported',
    ),
  );

/** S3's own rules for bucket names, as far as a typing error would break them. */
const Bucket = z
  .string()
  .check(z.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket, such as my-certificates'));

/**
 * Where the versions of a certificate come from, without saying which version. What the secret, object or parameter
 * holds is written in `docs/sources.md`.
 */
export const CertificateSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secretsmanager'), secretId: name }),
  z.strictObject({ kind: z.literal('acm'), certificateArn: AcmArn }),
  z.strictObject({ kind: z.literal('s3'), bucket: Bucket, key: name }),
  z.strictObject({ kind: z.literal('parameter'), name }),
]);
export type CertificateSource = z.infer<typeof CertificateSource>;
export type SourceKind = CertificateSource['kind'];

/**
 * Where one version's bytes come from: pinned, so that a retry reads the same bytes. ACM knows no versions: there the
 * fingerprint that goes with the source tells whether it is still the one that was meant.
 */
export const Source = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secretsmanager'), secretId: name, versionId: name }),
  z.strictObject({ kind: z.literal('acm'), certificateArn: AcmArn }),
  z.strictObject({ kind: z.literal('s3'), bucket: Bucket, key: name, versionId: name }),
  z.strictObject({ kind: z.literal('parameter'), name, version: z.int().check(z.positive()) }),
]);
export type Source = z.infer<typeof Source>;
