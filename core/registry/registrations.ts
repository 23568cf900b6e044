import * as z from 'zod/mini';
import { CertferryError } from '../errors.ts';
import { problemLines } from '../targets/problems.ts';
import { RegisteredTarget } from '../targets/registered.ts';
import { valueAt } from '../targets/schema-at.ts';
import { Certificate } from './certificate.ts';
import { approvalProblem, Strategy, StrategyOverrides } from './strategy.ts';

/** The certificates and targets that a stack names: all of them, each time. */
export const Registrations = z.strictObject({
  certificates: z.array(Certificate),
  targets: z.array(RegisteredTarget),
});
export type Registrations = z.infer<typeof Registrations>;

/**
 * The same as JSON text, which is written before all of it is known: a text that only CloudFormation can tell (the ARN
 * of a resource of the same stack) stands there as its {@link placeFor}, and comes beside it. Throws InvalidTarget with
 * every problem on a line of its own.
 */
export function readRegistrations(text: string, values: readonly string[]): Registrations {
  const input: unknown = JSON.parse(text, (_, value) => {
    const [, at] = (typeof value === 'string' && place.exec(value)) || [];
    return at === undefined ? value : values[Number(at)];
  });
  const parsed = Registrations.safeParse(input);
  if (parsed.success) return parsed.data;
  throw refused(
    { schema: Registrations, input },
    parsed.error.issues,
    'the list of certificates and targets',
  );
}

/** Stands for the value at this place of the list, from 0. */
export const placeFor = (at: number) => `\${Value.${at}}`;
const place = /^\$\{Value\.(\d+)\}$/;

/** Throws InvalidTarget, naming the fields, for what is wrong with a target as far as it is known yet. */
export function checkTarget(target: { readonly id: string }): void {
  check(RegisteredTarget, target, `target ${target.id}`);
}

/**
 * Throws InvalidTarget, naming the fields, for what is wrong with a certificate as far as it is known yet.
 * `defaultStrategy`: what its own does not say.
 */
export function checkCertificate(
  certificate: { readonly name: string; readonly strategy?: StrategyOverrides | undefined },
  defaultStrategy: StrategyOverrides,
): void {
  const name = `certificate ${certificate.name}`;
  check(Certificate, certificate, name);
  const { data } = Strategy.safeParse({ ...defaultStrategy, ...certificate.strategy });
  const problem = data === undefined ? null : approvalProblem(data);
  if (problem !== null) throw new CertferryError('InvalidTarget', `${name}: ${problem}`);
}

/** Throws InvalidRequest, naming the fields, for what is wrong with a strategy for all certificates. */
export function checkStrategy(strategy: unknown): void {
  check(StrategyOverrides, strategy, 'the default strategy', 'InvalidRequest');
}

/** Of a text that is not known yet nothing can be said: it is judged when it is. */
function check(schema: z.ZodMiniType, input: unknown, name: string, wrong: Wrong = 'InvalidTarget'): void {
  const { error } = schema.safeParse(input);
  const issues = (error?.issues ?? []).filter((issue) => !waits(issue, valueAt(input, issue.path)));
  if (issues.length > 0) throw refused({ schema, input }, issues, name, wrong);
}

type Wrong = 'InvalidTarget' | 'InvalidRequest';

function waits(issue: z.core.$ZodIssue, value: unknown): boolean {
  if (typeof value === 'string') return place.test(value);
  return issue.code === 'invalid_union' && JSON.stringify(value ?? null).includes('"${Value.');
}

function refused(
  judged: { schema: z.ZodMiniType; input: unknown },
  issues: z.core.$ZodIssue[],
  name: string,
  wrong: Wrong = 'InvalidTarget',
): CertferryError {
  const problems = problemLines(judged, issues);
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new CertferryError(
    wrong,
    `${name} has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    { details: { source: name, problems } },
  );
}
