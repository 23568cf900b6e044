import * as z from 'zod/mini';

/** A copy of the schema with a description, which `z.toJSONSchema` writes beside the field. One plain sentence or two. */
export function described<Schema extends z.core.$ZodType>(schema: Schema, description: string): Schema {
  const copy = z.clone(schema);
  z.globalRegistry.add(copy, { description });
  return copy;
}
