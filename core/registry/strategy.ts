import * as z from 'zod/mini';
import { CertferryError } from '../errors.ts';
import { described } from '../targets/kinds/described.ts';

const Percentage = z.string().check(z.regex(/^(100|[1-9]?[0-9])%$/, 'a percentage in quotes, such as "10%"'));

/** A number of targets, or a percentage of all. */
export const Share = z.union([z.int().check(z.gte(0)), Percentage]);
export type Share = z.infer<typeof Share>;

const fields = {
  waves: described(
    z.array(Share).check(
      z.minLength(1),
      z.maxLength(20),
      z.refine((waves) => waves.at(-1) === '100%', 'a last wave of "100%"'),
    ),
    'How many targets have been deployed to after each wave: numbers, or percentages in quotes. The last one is "100%".',
  ),
  /** Step Functions starts at most 100 executions a second and runs at most 10,000 at once (aws-facts 6). */
  maxConcurrency: described(
    z.int().check(z.gte(1), z.lte(10_000)),
    'Maximum number of deployments at the same time.',
  ),
  splaySeconds: described(
    z.int().check(z.gte(0), z.lte(3600)),
    'Each deployment of a wave starts after a random part of these seconds.',
  ),
  toleratedFailures: described(
    Share,
    'The rollout halts after more failed deployments than this: a number, or a percentage in quotes.',
  ),
  pauseSeconds: described(z.int().check(z.gte(0), z.lte(604_800)), 'Seconds between two waves.'),
  approvalAfterWave: described(
    z.int().check(z.gte(0), z.lte(20)),
    'The number of the wave after which the rollout waits for an approval, before the last wave. 0: no approval.',
  ),
  approvalTimeoutSeconds: described(
    z.int().check(z.gte(60), z.lte(2_592_000)),
    'Seconds to wait for the approval. After that, the rollout halts.',
  ),
  onHalt: described(
    z.enum(['stop', 'rollback']),
    'stop: deployed targets keep the new version. rollback: they return to the previous version, newest wave first, unless the reason is a stale service.',
  ),
  onStaleService: described(
    z.enum(['halt', 'report']),
    'What happens if a service endpoint keeps serving another leaf: halt the rollout, or only report it.',
  ),
};

/** The concurrent executions of functions that Lambda permits in a new account (docs.aws.amazon.com/lambda, "Lambda quotas"). */
export const newAccountConcurrency = 10;

/** A deployment uses one function at a time. The rest is for the functions that handle events. */
const defaultMaxConcurrency = newAccountConcurrency - 2;

/**
 * How a version is rolled out to its targets. `waves` lists how many targets have been deployed to after each wave, so the
 * last wave reaches all. A wave that would add no target is omitted. Times are seconds.
 */
export const Strategy = z.strictObject({
  waves: z._default(fields.waves, [1, '10%', '100%']),
  maxConcurrency: z._default(fields.maxConcurrency, defaultMaxConcurrency),
  splaySeconds: z._default(fields.splaySeconds, 0),
  toleratedFailures: z._default(fields.toleratedFailures, 0),
  pauseSeconds: z._default(fields.pauseSeconds, 0),
  approvalAfterWave: z._default(fields.approvalAfterWave, 0),
  approvalTimeoutSeconds: z._default(fields.approvalTimeoutSeconds, 86_400),
  onHalt: z._default(fields.onHalt, 'stop'),
  onStaleService: z._default(fields.onStaleService, 'halt'),
});
export type Strategy = z.infer<typeof Strategy>;

/** The fields of a strategy that were set, as stored in the registry. Each field is valid by itself. */
export const RecordedStrategy = z.partial(z.strictObject(fields));

/**
 * The fields of a strategy that are set in one place. Fields that are not set come from the certificate's strategy, then
 * from the defaults. This schema has no defaults, because a default would override those.
 */
export const StrategyOverrides = RecordedStrategy.check(
  z.check(({ value, issues }) => {
    const { waves, approvalAfterWave = 0 } = value;
    if (waves === undefined || issues.length > 0 || canWaitForApproval({ waves, approvalAfterWave })) return;
    const message = `0, or a wave that is not the last one of waves (${JSON.stringify(waves)})`;
    issues.push({ code: 'custom', path: ['approvalAfterWave'], message, input: value });
  }),
);
export type StrategyOverrides = z.infer<typeof StrategyOverrides>;

/**
 * Merges strategies; later ones have precedence.
 * @throws CertferryError InvalidRequest if the merged `waves` leave no wave for the approval
 */
export function mergeStrategies(...overrides: readonly StrategyOverrides[]): Strategy {
  const strategy = Strategy.parse(Object.assign({}, ...overrides));
  const problem = approvalProblem(strategy);
  if (problem !== null) throw new CertferryError('InvalidRequest', problem);
  return strategy;
}

/** Why a strategy would never ask for the approval that it sets; null if it is valid. */
export function approvalProblem(strategy: Strategy): string | null {
  if (canWaitForApproval(strategy)) return null;
  const { waves, approvalAfterWave } = strategy;
  return `approvalAfterWave is ${approvalAfterWave}, but waves is ${JSON.stringify(waves)}: a rollout can wait for an approval only after a wave before "100%". Set both, or set approvalAfterWave to 0 for no approval`;
}

/** An approval makes sense only while targets are left: before the wave that reaches all. */
function canWaitForApproval({
  waves,
  approvalAfterWave,
}: Pick<Strategy, 'waves' | 'approvalAfterWave'>): boolean {
  const share = waves[approvalAfterWave - 1];
  return approvalAfterWave === 0 || (share !== undefined && share !== '100%');
}
