import * as z from 'zod/mini';

const texts = z._default(z.record(z.string(), z.string()), {});

const OwnerReference = z.object({
  kind: z.string(),
  name: z.string(),
  controller: z.optional(z.boolean()),
});

/** https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
const ManagedFields = z.object({
  manager: z._default(z.string(), ''),
  fieldsV1: z.optional(z.unknown()),
});

/** The fields of a Secret that the connector reads. Values of `data` are base64. */
export const StoredSecret = z.object({
  type: z.string(),
  immutable: z._default(z.boolean(), false),
  data: texts,
  metadata: z.object({
    uid: z.string(),
    resourceVersion: z.string(),
    labels: texts,
    annotations: texts,
    ownerReferences: z._default(z.array(OwnerReference), []),
    managedFields: z._default(z.array(ManagedFields), []),
  }),
});
export type StoredSecret = z.infer<typeof StoredSecret>;

/** The coordinates of a Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}
