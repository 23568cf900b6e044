// The functions that the state machines call. All are real except PushBundle, which does not seal here: its job names the
// version in plain text.

import { WaitingState } from '../../../core/deployment/task-input.ts';
import { isCertferryError } from '../../../core/errors.ts';
import { deliver, headerFor } from '../../../lambdas/delivery/deliver.ts';
import { refusedResult } from '../../../lambdas/delivery/job-results.ts';
import { openJob } from '../../../lambdas/delivery/open-job.ts';
import { createHandler as acquireLock } from '../../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as probeEndpoint } from '../../../lambdas/handlers/deploy-target/probe-endpoint.ts';
import { createHandler as probeRestored } from '../../../lambdas/handlers/deploy-target/probe-restored.ts';
import { createHandler as reconcileCommand } from '../../../lambdas/handlers/deploy-target/reconcile-command.ts';
import { createHandler as recordOutcome } from '../../../lambdas/handlers/deploy-target/record-outcome.ts';
import { createHandler as rollBack } from '../../../lambdas/handlers/deploy-target/roll-back.ts';
import { createHandler as commandStatus } from '../../../lambdas/handlers/events/command-status.ts';
import { createHandler as releaseLock } from '../../../lambdas/handlers/events/release-lock.ts';
import { createHandler as sweep } from '../../../lambdas/handlers/events/sweep.ts';
import { createHandler as askApproval } from '../../../lambdas/handlers/rollout/ask-approval.ts';
import { createHandler as endRollout } from '../../../lambdas/handlers/rollout/end-rollout.ts';
import { createHandler as haltRollout } from '../../../lambdas/handlers/rollout/halt-rollout.ts';
import { createHandler as judgeWave } from '../../../lambdas/handlers/rollout/judge-wave.ts';
import { createHandler as nextWave } from '../../../lambdas/handlers/rollout/next-wave.ts';
import { createHandler as probeServices } from '../../../lambdas/handlers/rollout/probe-services.ts';
import { createHandler as resolveCertificate } from '../../../lambdas/handlers/rollout/resolve-certificate.ts';
import { FinalState } from '../../../lambdas/recording/deployment-outcome.ts';
import { fakeWarming } from '../../fakes/warming.ts';
import type { Invocation } from './invocation.ts';
import { servicesFor } from './services.ts';

/** Each function reads its own event, which was serialized as JSON, as in Lambda. */
type Task = (invocation: Invocation, event: never) => Promise<unknown>;

type RecordEvent = Parameters<ReturnType<typeof recordOutcome>>[0];

export const tasks: Readonly<Record<string, Task>> = {
  ResolveCertificate: (by, event) => resolveCertificate(servicesFor(by))(event),
  NextWave: (by, event) => {
    const services = servicesFor(by);
    return nextWave({ ...services, warming: fakeWarming(services) })(event);
  },
  JudgeWave: (by, event) => judgeWave(servicesFor(by))(event),
  ProbeServices: (by, event) => probeServices(servicesFor(by))(event),
  AskApproval: (by, event) => askApproval(servicesFor(by))(event),
  HaltRollout: (by, event) => haltRollout(servicesFor(by))(event),
  EndRollout: (by, event) => {
    const services = servicesFor(by);
    return endRollout({ ...services, rolloutArn: services.rolloutArn() })(event);
  },
  AcquireLock: (by, event) => acquireLock(servicesFor(by))(event),
  PushBundle: pushBundle,
  ReconcileCommand: (by, event) => reconcileCommand(servicesFor(by))(event),
  RollBack: (by, event) => rollBack(servicesFor(by))(event),
  ProbeEndpoint: (by, event) => probeEndpoint(servicesFor(by))(event),
  ProbeRestored: (by, event) => probeRestored(servicesFor(by))(event),
  RecordOutcome: (by, event: RecordEvent) =>
    recordOutcome(servicesFor(by))({ ...event, state: FinalState.parse(event.state) }),
  ReleaseLock: (by, event) => releaseLock(servicesFor(by))(event),
  CommandStatus: (by, event) => commandStatus({ ...servicesFor(by), sleep: async () => undefined })(event),
  Sweep: (by, event) => sweep(servicesFor(by))(event),
};

async function pushBundle(invocation: Invocation, event: unknown) {
  const { deployment, taskToken } = WaitingState.parse(event);
  const by = servicesFor(invocation);
  const { action, version } = deployment;
  const make = async () => {
    const now = by.clock.now();
    if (action === 'rollback') return openJob(deployment, action, { now });
    const text = `sealed.${JSON.stringify({ ...headerFor(deployment, action, now), version: version?.fingerprint })}`;
    return { action, text };
  };
  try {
    return { summary: await deliver(by, { deployment, taskToken, purpose: 'push', prepare: make }) };
  } catch (error) {
    if (!isCertferryError(error) || error.retry !== 'never') throw error;
    await by.executions.complete(taskToken, refusedResult(error));
    return { summary: error.name };
  }
}
