// What the rows of outcome-rows.ts are made of: answers of hosts, results of probes, and the ends of deployments.
import type { Baseline } from '../../core/deployment/baseline.ts';
import type { DeploymentState, ProbeResult, PushResult } from '../../core/deployment/deployment.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { asBeforeText } from '../../core/tls-probe/compare-baseline.ts';
import {
  FinalState,
  type OutcomeReport,
  outcomeOf,
  type RecordingPath,
} from '../../lambdas/recording/deployment-outcome.ts';
import { type BrokenOff, brokenOffOutcome } from '../../lambdas/recording/interrupted.ts';
import { LockItem } from '../../services/locks/lock-item.ts';
import { facts } from '../fixtures/factories.ts';
import { probeResult, pushResult } from '../fixtures/results.ts';

export interface OutcomeRow {
  readonly situation: string;
  readonly onDisk: string;
  readonly served: string;
  readonly outcome: DeploymentOutcome;
  readonly reason: string | null;
  readonly end: () => Promise<OutcomeReport> | OutcomeReport;
}

interface Ending extends Partial<DeploymentState> {
  readonly probeFrom?: string;
  readonly mayHaveSent?: boolean;
}

const notYet = probeResult({ verdict: 'retry', attempt: 0, summary: 'not probed yet' });

/** The end of a deployment through a recording state. */
export const recorded =
  (path: RecordingPath, known: Ending = {}) =>
  () => {
    const state = FinalState.parse({ probe: notYet, restored: notYet, ...known });
    const deployment = { probeFrom: known.probeFrom ?? 'lambda' } as FinalState['deployment'];
    return outcomeOf(path, { ...state, deployment }, { mayHaveSent: known.mayHaveSent ?? true });
  };

/** The end of a deployment whose execution broke off. */
export const brokenOff =
  (lock: object, history: readonly object[] = []) =>
  () =>
    brokenOffOutcome({ list: async () => history as never }, execution, LockItem.parse(lock));

export const execution: BrokenOff = {
  targetId: 'web-1',
  executionArn: 'arn:own',
  startedAt: Date.parse('2026-11-22T12:00:00Z'),
  status: 'ABORTED',
};

export const failure = (name: string, message: string) => ({
  Error: name,
  Cause: JSON.stringify({ errorType: name, errorMessage: message }),
});
export const timedOut = { Error: 'States.Timeout', Cause: '' };

const next = facts('new');
export const previous = facts('old');
export const host = (known: Pick<PushResult, 'outcome' | 'summary'> & Partial<PushResult>) =>
  pushResult({ version: next, previousVersion: previous, ...known });

export const applied = host({ outcome: 'applied', summary: '1 file installed, daemon reloaded' });
export const undone = host({
  outcome: 'restored',
  summary: 'previous files restored, daemon reloaded',
  version: previous,
});

export const repair = {
  files: [{ path: '/etc/x.pem', backup: '/var/b/x.pem' }],
  commands: ['cp -p -- /var/b/x.pem /etc/x.pem', 'nginx -s reload'],
};

export const endpoint = '10.0.0.7:443';
const saw = (fingerprint: string | null, problem: string | null): Partial<ProbeResult> => ({
  observations: [{ address: endpoint, fingerprint, ok: problem === null, problem }],
  summary: problem === null ? `${endpoint} serves the leaf` : `${endpoint}: ${problem}`,
});
export const good = probeResult({ verdict: 'verified', ...saw(next.fingerprint, null) });
export const oldLeaf = probeResult(saw(previous.fingerprint, 'serves the previous leaf, not the new one'));
export const silent = probeResult(saw(null, 'connection refused'));
export const wrongName = probeResult(saw(next.fingerprint, 'does not cover www.example.com'));
export const oldAgain = probeResult({ verdict: 'verified', ...saw(previous.fingerprint, null) });
export const stillNew = probeResult(saw(next.fingerprint, 'serves the new leaf, not the previous one'));

/** A probe after the rollback that found the endpoint as it was before the deployment. */
export const asBefore = (probe: ProbeResult, baseline: Baseline): ProbeResult => {
  const text = asBeforeText(baseline, probe.observations, {
    version: next,
    previousVersion: previous,
    from: 'lambda',
  });
  return { ...probe, verdict: 'as_before', summary: `${probe.summary}; ${text}` };
};

export const held = { owner: 'arn:own', fence: 3, acquiredAt: '2026-11-22T12:00:01Z' };

export function row(
  situation: string,
  onDisk: string,
  served: string,
  outcome: DeploymentOutcome,
  reason: string | null,
  { end }: Pick<OutcomeRow, 'end'>,
): OutcomeRow {
  return { situation, onDisk, served, outcome, reason, end };
}
