import * as z from 'zod/mini';

const Names = z.optional(z.union([z.string(), z.array(z.string())]));
const Statement = z.object({
  Effect: z.string(),
  Action: Names,
  Resource: Names,
  Condition: z.optional(z.unknown()),
});
const Policy = z.object({ Statement: z.union([Statement, z.array(Statement)]) });

/**
 * Whether the policy of a VPC endpoint lets a host read an object. Conditions are not evaluated: a conditional Allow counts, a
 * conditional Deny does not. True also for a text that is not a policy.
 */
export function allowsReading(policy: string | undefined, arn: string): boolean {
  const parsed = z.safeParse(Policy, parse(policy));
  if (!parsed.success) return true;
  const statements = [parsed.data.Statement].flat();
  const matching = statements.filter(
    ({ Action, Resource }) => matches(Action, 's3:GetObject') && matches(Resource, arn),
  );
  const isDenied = matching.some(
    ({ Effect, Action, Resource, Condition }) =>
      Effect === 'Deny' && Condition === undefined && Action !== undefined && Resource !== undefined,
  );
  return !isDenied && matching.some(({ Effect }) => Effect === 'Allow');
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}

/** Patterns with * and ?, without regard to case. A missing element (NotAction, NotResource) counts as a match. */
function matches(patterns: string | readonly string[] | undefined, value: string): boolean {
  if (patterns === undefined) return true;
  return [patterns].flat().some((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`, 'i').test(value);
  });
}
