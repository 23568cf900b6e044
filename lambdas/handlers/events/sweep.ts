import { setTimeout } from 'node:timers/promises';
import { Metrics } from '@aws-lambda-powertools/metrics';
import * as z from 'zod/mini';
import { systemClock } from '../../../core/clock.ts';
import { SweepReport } from '../../../core/drift/sweep-report.ts';
import { look } from '../../../core/tls-probe/inspect-endpoint.ts';
import type { Executions } from '../../../services/executions.ts';
import { createReachableHosts } from '../../../services/fleet/reachable-hosts.ts';
import { createSweepMetrics, type SweepMetrics } from '../../../services/notify/sweep-metrics.ts';
import { buildReport, healingCandidate } from '../../drift/build-report.ts';
import { checkSources } from '../../drift/check-sources.ts';
import { byCertificate, publishSweepMetrics } from '../../drift/publish-metrics.ts';
import { type Healing, heal } from '../../drift/start-healing.ts';
import { type SweepServices, type Swept, sweepTargets } from '../../drift/sweep-targets.ts';
import { ssmAt } from '../../runtime/clients.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import {
  catalogue,
  commands,
  executions,
  fleet,
  hostLocks,
  installedVersions,
  rollouts,
  sendRate,
  sweeps,
} from '../../runtime/wiring.ts';

/** The schedule's event says nothing; a person may name one certificate, or only look. */
const Input = z.object({ certificate: z.optional(z.string()), heal: z._default(z.boolean(), true) });
type Input = z.infer<typeof Input>;

/** The function has 15 minutes; a look that begins last may take three (resolving, and two handshakes of a minute). */
const lookingSeconds = 660;

interface Services extends SweepServices {
  readonly executions: Pick<Executions, 'start' | 'status'>;
  readonly measures: SweepMetrics;
  readonly rolloutArn: () => string;
}

/**
 * Not a state: started by the schedule, or by a person. Has the certificates' sources looked at (once a day), looks at
 * every target or has its host look, publishes what it saw, and starts one rollout for each certificate some of whose
 * targets are to be healed. Two at once look twice and start it once; one that broke off left nothing behind, and the
 * next one looks again.
 */
export const createHandler =
  (by: Services) =>
  async (input: Input): Promise<SweepReport> => {
    const now = by.clock.now();
    const until = new Date(now.getTime() + lookingSeconds * 1000);
    const sourceChecks = input.heal ? await checkSources(input.certificate, { ...by, now }) : [];
    const sweep = await sweepTargets({ certificate: input.certificate, until }, by);
    publishSweepMetrics(sweep, by.measures);
    const healing = input.heal ? await healAll(sweep.swept, { ...by, now }) : [];
    return buildReport(sweep, { healing, heals: input.heal, sourceChecks });
  };

async function healAll(swept: readonly Swept[], by: Services & { readonly now: Date }): Promise<Healing[]> {
  const healing: Healing[] = [];
  for (const [certificate, its] of byCertificate(swept)) {
    const [first] = its;
    if (first === undefined) continue;
    const one = await heal({ certificate, patients: its.map(healingCandidate), state: first.now }, by);
    if (one !== null) healing.push(one);
  }
  return healing;
}

export const handler = task('Sweep', {
  input: Input,
  result: SweepReport,
  build: () =>
    createHandler({
      catalogue: catalogue(),
      fleet: fleet(),
      installed: installedVersions(),
      rollouts: rollouts(),
      sweeps: sweeps(),
      executions: executions(),
      measures: createSweepMetrics(new Metrics({ namespace: 'certferry' })),
      rolloutArn: () => setting('ROLLOUT_ARN'),
      look,
      probeFrom: setting('PROBE_FROM'),
      commands: commands(),
      hostLocks: hostLocks(),
      sendRate: sendRate(),
      reachable: createReachableHosts(ssmAt),
      clock: systemClock,
      sleep: setTimeout,
    }),
});
