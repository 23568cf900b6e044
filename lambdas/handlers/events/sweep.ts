import { setTimeout } from 'node:timers/promises';
import { Metrics } from '@aws-lambda-powertools/metrics';
import * as z from 'zod/mini';
import { systemClock } from '../../../core/clock.ts';
import { SweepReport } from '../../../core/drift/sweep-report.ts';
import { inspectEndpoint } from '../../../core/tls-probe/inspect-endpoint.ts';
import type { Executions } from '../../../services/executions.ts';
import { createReachableHosts } from '../../../services/fleet/reachable-hosts.ts';
import { createSweepMetrics, type SweepMetrics } from '../../../services/notify/sweep-metrics.ts';
import { buildReport, healingCandidate } from '../../drift/build-report.ts';
import { checkSources } from '../../drift/check-sources.ts';
import { byCertificate, publishSweepMetrics } from '../../drift/publish-metrics.ts';
import { type Healing, startHealing } from '../../drift/start-healing.ts';
import { type SweepResult, type SweepServices, sweepTargets } from '../../drift/sweep-targets.ts';
import { ssmAt } from '../../runtime/clients.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import {
  catalogue,
  executions,
  fleet,
  hostLocks,
  installedVersions,
  probeCommands,
  rollouts,
  sendRate,
  sweeps,
} from '../../runtime/wiring.ts';

/** The event of the schedule is empty. Operators may select a certificate, and may switch healing off. */
const Input = z.object({ certificate: z.optional(z.string()), heal: z._default(z.boolean(), true) });
type Input = z.infer<typeof Input>;

/** The function has 15 minutes. The last probe may take three (name resolution and two handshakes of a minute). */
const probeSeconds = 660;

interface Services extends SweepServices {
  readonly executions: Pick<Executions, 'start' | 'status'>;
  readonly sweepMetrics: SweepMetrics;
  readonly rolloutArn: () => string;
}

/**
 * Not a state: the schedule or an operator starts it. Starts the daily source checks, probes every target (from here or from
 * its host), publishes metrics, and starts one rollout per certificate with targets to heal.
 *
 * Two parallel sweeps probe twice, but start each rollout once. After an interrupted sweep, the next one probes again.
 */
export const createHandler =
  (by: Services) =>
  async (input: Input): Promise<SweepReport> => {
    const now = by.clock.now();
    const until = new Date(now.getTime() + probeSeconds * 1000);
    const sourceChecks = input.heal ? await checkSources(input.certificate, { ...by, now }) : [];
    const sweep = await sweepTargets({ certificate: input.certificate, until }, by);
    publishSweepMetrics(sweep, by.sweepMetrics);
    const healing = input.heal ? await healAll(sweep.swept, { ...by, now }) : [];
    return buildReport(sweep, { healing, heals: input.heal, sourceChecks });
  };

async function healAll(
  swept: readonly SweepResult[],
  by: Services & { readonly now: Date },
): Promise<Healing[]> {
  const healing: Healing[] = [];
  for (const [certificate, targets] of byCertificate(swept)) {
    const [first] = targets;
    if (first === undefined) continue;
    const candidates = targets.map(healingCandidate);
    const one = await startHealing({ certificate, candidates, status: first.status }, by);
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
      sweepMetrics: createSweepMetrics(new Metrics({ namespace: 'certferry' })),
      rolloutArn: () => setting('ROLLOUT_ARN'),
      inspectEndpoint,
      probeFrom: setting('PROBE_FROM'),
      commands: probeCommands(),
      hostLocks: hostLocks(),
      sendRate: sendRate(),
      reachable: createReachableHosts(ssmAt),
      clock: systemClock,
      sleep: setTimeout,
    }),
});
