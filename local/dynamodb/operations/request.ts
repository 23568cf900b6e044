import * as z from 'zod/mini';
import { invalid, notImplemented } from '../values/invalid.ts';

/** The parameters by which a request gives its expressions names and values. */
export const placeholderParameters = {
  ExpressionAttributeNames: z.optional(z.record(z.string(), z.string())),
  ExpressionAttributeValues: z.optional(z.record(z.string(), z.unknown())),
};

export const conditionParameters = {
  ...placeholderParameters,
  ConditionExpression: z.optional(z.string()),
  ReturnValuesOnConditionCheckFailure: z._default(z.enum(['NONE', 'ALL_OLD']), 'NONE'),
};

/** An item or a key; `parseItem` checks it. */
export const RawItem = z.record(z.string(), z.unknown());

/** Reads the parameters of a request. Throws ValidationException, also for a parameter that local mode does not implement. */
export function parseRequest<Shape>(schema: z.ZodMiniType<Shape>, input: unknown): Shape {
  const result = z.safeParse(schema, input);
  if (result.success) return result.data;
  const unknown = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : [],
  );
  if (unknown.length > 0) throw notImplemented(`the parameter ${unknown.join(', ')}`);
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw invalid(`${problems.length} validation errors detected: ${problems.join('; ')}`);
}
