import type * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';

/** Parses the input of an execution. Throws InvalidRequest and names each wrong field. */
export function parseRequest<Shape>(
  what: 'deployment' | 'rollout',
  schema: z.ZodMiniType<Shape>,
  input: unknown,
): Shape {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CertferryError('InvalidRequest', `the ${what} cannot be started: ${problems.join('; ')}`);
}
