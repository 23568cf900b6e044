import * as z from 'zod/mini';
import { CertferryError } from '../errors.ts';

const Percentage = z.string().check(z.regex(/^(100|[1-9]?[0-9])%$/, 'a percentage in quotes, such as "10%"'));

/** A number of targets, or a share of all. */
export const Share = z.union([z.int().check(z.gte(0)), Percentage]);
export type Share = z.infer<typeof Share>;

const fields = {
  waves: z.array(Share).check(
    z.minLength(1),
    z.maxLength(20),
    z.refine((waves) => waves.at(-1) === '100%', 'a last wave of "100%"'),
  ),
  /** Deployments at a time. Step Functions starts at most 100 a second and runs at most 10,000 (aws-facts 6). */
  maxConcurrency: z.int().check(z.gte(1), z.lte(10_000)),
  /** Each deployment of a wave begins after a random part of this. */
  splaySeconds: z.int().check(z.gte(0), z.lte(3600)),
  /** More failures than this, over the whole rollout, halt it. */
  toleratedFailures: Share,
  pauseSeconds: z.int().check(z.gte(0), z.lte(604_800)),
  /** The number of the wave after which a person is asked; 0: nobody is. */
  approvalAfterWave: z.int().check(z.gte(0), z.lte(20)),
  approvalTimeoutSeconds: z.int().check(z.gte(60), z.lte(2_592_000)),
  onHalt: z.enum(['stop', 'rollback']),
  /** A service endpoint that goes on serving another leaf halts the rollout, or is only told. */
  onStaleService: z.enum(['halt', 'report']),
};

/**
 * How a version is carried to its targets. `waves` says how many targets have been reached once each wave is over, so
 * the last one is everybody; a wave that would reach nobody new is passed over. Times are seconds.
 */
export const Strategy = z.strictObject({
  waves: z._default(fields.waves, [1, '10%', '100%']),
  maxConcurrency: z._default(fields.maxConcurrency, 50),
  splaySeconds: z._default(fields.splaySeconds, 0),
  toleratedFailures: z._default(fields.toleratedFailures, 0),
  pauseSeconds: z._default(fields.pauseSeconds, 0),
  approvalAfterWave: z._default(fields.approvalAfterWave, 0),
  approvalTimeoutSeconds: z._default(fields.approvalTimeoutSeconds, 86_400),
  onHalt: z._default(fields.onHalt, 'stop'),
  onStaleService: z._default(fields.onStaleService, 'halt'),
});
export type Strategy = z.infer<typeof Strategy>;

/** The parts of a strategy that were said, as they were once registered: each by itself is right. */
export const RecordedStrategy = z.partial(z.strictObject(fields));

/**
 * The parts of a strategy that a person says: what is not said comes from the certificate's own, then the default. It
 * has no defaults of its own, which would count as said.
 */
export const StrategyOverrides = RecordedStrategy.check(
  z.check(({ value, issues }) => {
    const { waves, approvalAfterWave = 0 } = value;
    if (waves === undefined || issues.length > 0 || mayAsk({ waves, approvalAfterWave })) return;
    const message = `0, or a wave that is not the last one of waves (${JSON.stringify(waves)})`;
    issues.push({ code: 'custom', path: ['approvalAfterWave'], message, input: value });
  }),
);
export type StrategyOverrides = z.infer<typeof StrategyOverrides>;

/**
 * Later ones count more.
 * @throws CertferryError InvalidRequest where what one says of the waves leaves out the question that another wants
 */
export function strategyFrom(...said: readonly StrategyOverrides[]): Strategy {
  const strategy = Strategy.parse(Object.assign({}, ...said));
  const unasked = questionLeftOut(strategy);
  if (unasked !== null) throw new CertferryError('InvalidRequest', unasked);
  return strategy;
}

/** What is wrong with a strategy that wants a person asked when it would ask nobody, in words; null where it is well. */
export function questionLeftOut(strategy: Strategy): string | null {
  if (mayAsk(strategy)) return null;
  const { waves, approvalAfterWave } = strategy;
  return `approvalAfterWave is ${approvalAfterWave}, but waves is ${JSON.stringify(waves)}: the question is asked while some are left, so after a wave before "100%". Say both, or approvalAfterWave 0 for no question this time`;
}

/** After the wave that reaches everybody nobody is left to ask about. */
function mayAsk({ waves, approvalAfterWave }: Pick<Strategy, 'waves' | 'approvalAfterWave'>): boolean {
  const share = waves[approvalAfterWave - 1];
  return approvalAfterWave === 0 || (share !== undefined && share !== '100%');
}
