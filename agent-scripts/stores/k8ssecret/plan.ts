import * as z from 'zod/mini';

/** The annotations that certferry sets on the Secret of a target. */
export const annotationKeys = {
  target: 'certferry/target',
  deployment: 'certferry/deployment',
  fingerprint: 'certferry/fingerprint',
} as const;
type AnnotationKey = (typeof annotationKeys)[keyof typeof annotationKeys];

/** Values of certferry's annotations; null removes one. */
export const Annotations = z.record(z.enum(Object.values(annotationKeys)), z.nullable(z.string()));
export type Annotations = Readonly<Record<AnnotationKey, string | null>>;

/** A change of one Secret. Digests cover `tls.crt` and `tls.key`, see `contentDigest`. */
export const SecretPlan = z.strictObject({
  v: z.literal(1),
  namespace: z.string(),
  secret: z.string(),
  targetId: z.string(),
  deploymentId: z.string(),
  /** The Secret before the change. Null: it did not exist, and `apply` creates it. */
  found: z.nullable(z.strictObject({ uid: z.string(), digest: z.string(), annotations: Annotations })),
  /** The digest after the change. */
  installed: z.string(),
});
export type SecretPlan = z.infer<typeof SecretPlan>;
