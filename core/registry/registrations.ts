import * as z from 'zod/mini';
import { CertferryError } from '../errors.ts';
import { problemLines } from '../targets/problems.ts';
import { RegisteredTarget } from '../targets/registered.ts';
import { valueAt } from '../targets/schema-at.ts';
import { Certificate } from './certificate.ts';
import { approvalProblem, Strategy, StrategyOverrides } from './strategy.ts';

/** All certificates and targets of a stack. */
export const Registrations = z.strictObject({
  certificates: z.array(Certificate),
  targets: z.array(RegisteredTarget),
});
export type Registrations = z.infer<typeof Registrations>;

/**
 * Parses registrations from JSON text that was written at synthesis. Values that only CloudFormation knows (e.g. the ARN of
 * a resource of the same stack) are {@link placeholderFor} in the text; `values` replace them.
 * @throws CertferryError InvalidTarget with one line per problem
 */
export function readRegistrations(text: string, values: readonly string[]): Registrations {
  const input: unknown = JSON.parse(text, (_, value) => {
    const [, at] = (typeof value === 'string' && placeholder.exec(value)) || [];
    return at === undefined ? value : values[Number(at)];
  });
  const parsed = Registrations.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(
    { schema: Registrations, input },
    parsed.error.issues,
    'the list of certificates and targets',
  );
}

/** The placeholder of a value, by its index in `values`, from 0. */
export const placeholderFor = (at: number) => `\${Value.${at}}`;
const placeholder = /^\$\{Value\.(\d+)\}$/;

/**
 * Checks a target, except for values that are placeholders.
 * @throws CertferryError InvalidTarget with the invalid fields
 */
export function checkTarget(target: { readonly id: string }): void {
  check(RegisteredTarget, target, `target ${target.id}`);
}

/**
 * Checks a certificate, except for values that are placeholders. `defaultStrategy` has the fields that its own strategy
 * does not set.
 * @throws CertferryError InvalidTarget with the invalid fields
 */
export function checkCertificate(
  certificate: { readonly name: string; readonly strategy?: object | undefined },
  defaultStrategy: object,
): void {
  const name = `certificate ${certificate.name}`;
  check(Certificate, certificate, name);
  const { data } = Strategy.safeParse({ ...defaultStrategy, ...certificate.strategy });
  const problem = data === undefined ? null : approvalProblem(data);
  if (problem !== null) throw new CertferryError('InvalidTarget', `${name}: ${problem}`);
}

/**
 * Checks the default strategy of all certificates.
 * @throws CertferryError InvalidRequest with the invalid fields
 */
export function checkStrategy(strategy: unknown): void {
  check(StrategyOverrides, strategy, 'the default strategy', 'InvalidRequest');
}

/** Ignores problems of placeholders: the real values are checked when the registrations are parsed. */
function check(
  schema: z.ZodMiniType,
  input: unknown,
  name: string,
  errorName: InvalidName = 'InvalidTarget',
): void {
  const { error } = schema.safeParse(input);
  const issues = (error?.issues ?? []).filter(
    (issue) => !isAboutPlaceholder(issue, valueAt(input, issue.path)),
  );
  if (issues.length > 0) throw invalid({ schema, input }, issues, name, errorName);
}

type InvalidName = 'InvalidTarget' | 'InvalidRequest';

function isAboutPlaceholder(issue: z.core.$ZodIssue, value: unknown): boolean {
  if (typeof value === 'string') return placeholder.test(value);
  return issue.code === 'invalid_union' && JSON.stringify(value ?? null).includes('"${Value.');
}

function invalid(
  validated: { schema: z.ZodMiniType; input: unknown },
  issues: z.core.$ZodIssue[],
  name: string,
  errorName: InvalidName = 'InvalidTarget',
): CertferryError {
  const problems = problemLines(validated, issues);
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new CertferryError(
    errorName,
    `${name} has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    { details: { source: name, problems } },
  );
}
