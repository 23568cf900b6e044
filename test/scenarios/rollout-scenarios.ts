import { losesItsResponse, throws, throwsFor } from './faults.ts';
import { idOf } from './played-hosts.ts';
import type { FleetScenario } from './simulated-fleet.ts';

export interface Scenario extends FleetScenario {
  readonly targets?: number;
  readonly path: string;
  readonly outcome: string;
  /** The number of targets by the outcome of their last deployment or rollback. */
  readonly counts?: Readonly<Record<string, number>>;
  /** The targets that have the new version at the end. */
  readonly updated: readonly number[];
}

const start = 'ResolveCertificate';
const wave = 'NextWave WaveReady? DeployWave JudgeWave WaveOutcome?';
export const waves = (count: number) => Array.from({ length: count }, () => wave).join(' ');
export const finished = 'NextWave WaveReady? RecordFinished RolloutFinished';
export const halt = 'HaltRollout HaltOutcome? RolloutHalted';
const all = (count: number) => Array.from({ length: count }, (_, at) => at);

export const scenarios: Readonly<Record<string, Scenario>> = {
  'nothing fails': {
    targets: 4,
    strategy: { waves: [1, '50%', '100%'] },
    path: `${start} ${waves(3)} ${finished}`,
    outcome: 'finished',
    counts: { deployed_unverified: 4 },
    updated: all(4),
  },
  'one deployment fails and is tolerated': {
    targets: 4,
    strategy: { waves: [1, '100%'], toleratedFailures: 1 },
    fails: [2],
    path: `${start} ${waves(2)} ${finished}`,
    outcome: 'finished_with_failures',
    counts: { deployed_unverified: 3, validate_failed: 1 },
    updated: [0, 1, 3],
  },
  'a host is gone at delivery': {
    targets: 4,
    strategy: { waves: [1, '100%'], onHalt: 'rollback' },
    // this machine still finds the host: after three attempts, the rollout plans no more of them
    faults: { 'push-bundle': throwsFor('HostTerminated', idOf(2)) },
    path: `${start} ${waves(4)} ${finished}`,
    outcome: 'finished',
    counts: { deployed_unverified: 3, gone: 1 },
    updated: [0, 1, 3],
  },
  'a gone host comes back': {
    targets: 4,
    strategy: { waves: [1, '100%'] },
    faults: { 'push-bundle': throwsFor('HostDeselected', idOf(2), { times: 1 }) },
    path: `${start} ${waves(3)} ${finished}`,
    outcome: 'finished',
    counts: { deployed_unverified: 4 },
    updated: all(4),
  },
  'a host is gone at its rollback': {
    targets: 3,
    strategy: { waves: [1, '100%'], onHalt: 'rollback' },
    fails: [2],
    faults: { 'push-bundle': throwsFor('HostTerminated', idOf(0), { action: 'rollback' }) },
    path: `${start} ${waves(2)} HaltRollout HaltOutcome? ${waves(2)} NextWave WaveReady? RecordRolloutRolledBack RolloutRolledBack`,
    outcome: 'rolled_back',
    // the terminated host: this machine still has its files
    updated: [0],
  },
  'too many deployments fail, and the rollout stops': {
    targets: 6,
    strategy: { waves: [1, '50%', '100%'] },
    fails: [1],
    path: `${start} ${waves(2)} ${halt}`,
    outcome: 'halted',
    updated: [0, 2],
  },
  'too many deployments fail, and everything is rolled back': {
    targets: 4,
    strategy: { waves: [1, '100%'], onHalt: 'rollback' },
    fails: [3],
    path: `${start} ${waves(2)} HaltRollout HaltOutcome? ${waves(2)} NextWave WaveReady? RecordRolloutRolledBack RolloutRolledBack`,
    outcome: 'rolled_back',
    updated: [],
  },
  'too many deployments fail, and one rollback fails': {
    targets: 3,
    strategy: { waves: [1, '100%'], onHalt: 'rollback' },
    fails: [2],
    failsRollback: [0],
    path: `${start} ${waves(2)} HaltRollout HaltOutcome? ${waves(2)} NextWave WaveReady? RecordRollbackIncomplete RollbackIncomplete`,
    outcome: 'rollback_incomplete',
    updated: [0],
  },
  'a service keeps serving another version': {
    targets: 1,
    service: 'outdated',
    path: `${start} ${wave} ProbeServices WaveOutcome? BackOffServices ProbeServices WaveOutcome? ${halt}`,
    outcome: 'halted',
    updated: [0],
  },
  'a service serves the new version': {
    targets: 1,
    service: 'current',
    path: `${start} ${wave} ProbeServices WaveOutcome? ${finished}`,
    outcome: 'finished',
    updated: [0],
  },
  'ProbeServices fails': {
    targets: 1,
    service: 'current',
    faults: { 'probe-services': throws('Injected') },
    path: `${start} ${wave} ProbeServices ${halt}`,
    outcome: 'halted',
    updated: [0],
  },
  'an operator approves': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    decision: 'approved',
    path: `${start} ${wave} AwaitApproval Approved? ${wave} ${finished}`,
    outcome: 'finished',
    updated: all(2),
  },
  'an operator rejects': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    decision: 'rejected',
    path: `${start} ${wave} AwaitApproval Approved? ${halt}`,
    outcome: 'halted',
    updated: [0],
  },
  'no operator decides in time': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    // the number of the wave, the smallest number in the state
    machine: { AwaitApproval: { TimeoutSecondsPath: '$.wave.number' } },
    path: `${start} ${wave} AwaitApproval ${halt}`,
    outcome: 'halted',
    updated: [0],
  },
  'there is a pause between waves': {
    targets: 2,
    strategy: { waves: [1, '100%'], pauseSeconds: 1 },
    path: `${start} ${wave} NextWave WaveReady? PauseBetweenWaves ${wave} ${finished}`,
    outcome: 'finished',
    updated: all(2),
  },
  'an operator halts the rollout in a pause of a week': {
    targets: 2,
    strategy: { waves: [1, '100%'], pauseSeconds: 604_800 },
    // as many seconds as there are targets, instead of 15 minutes
    machine: { PauseBetweenWaves: { SecondsPath: '$.wave.total' } },
    haltIn: 'PauseBetweenWaves',
    path: `${start} ${wave} NextWave WaveReady? PauseBetweenWaves NextWave WaveReady? ${halt}`,
    outcome: 'halted',
    updated: [0],
  },
  'a maintenance window is closed, and an operator halts the rollout': {
    targets: 1,
    windowClosed: true,
    // as many seconds as concurrent deployments, instead of 15 minutes
    strategy: { maxConcurrency: 2 },
    machine: { AwaitTurn: { SecondsPath: '$.rollout.strategy.maxConcurrency' } },
    haltIn: 'AwaitTurn',
    path: `${start} NextWave WaveReady? AwaitTurn NextWave WaveReady? ${halt}`,
    outcome: 'halted',
    updated: [],
  },
  'the version was rolled out before': {
    targets: 1,
    rolledOutBefore: true,
    path: `${start} RecordAlreadyRolledOut AlreadyRolledOut`,
    outcome: 'already_rolled_out',
    updated: [0],
  },
  'a newer version arrives while the rollout waits for approval': {
    targets: 2,
    strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
    newerVersion: true,
    decision: 'approved',
    path: `${start} ${wave} AwaitApproval Approved? NextWave WaveReady? RecordRolloutSuperseded RolloutSuperseded`,
    outcome: 'superseded',
    updated: [],
  },
  'the source contains other bytes than those of the version': {
    targets: 1,
    differentBytes: true,
    path: `${start} RecordRefused RolloutRefused`,
    outcome: 'refused',
    updated: [],
  },
  'the response of ResolveCertificate is lost': {
    targets: 1,
    faults: { 'resolve-certificate': losesItsResponse('Lambda.ServiceException', 1) },
    path: `${start} ${wave} ${finished}`,
    outcome: 'finished',
    updated: [0],
  },
  'the source is unavailable for a while': {
    targets: 1,
    faults: { 'resolve-certificate': throws('SourceUnavailable', 2) },
    path: `${start} ${wave} ${finished}`,
    outcome: 'finished',
    updated: [0],
  },
  'NextWave fails': {
    targets: 1,
    faults: { 'next-wave': throws('Injected') },
    path: `${start} NextWave ${halt}`,
    outcome: 'halted',
    updated: [],
  },
  'JudgeWave fails': {
    targets: 2,
    faults: { 'judge-wave': throws('Injected') },
    path: `${start} NextWave WaveReady? DeployWave JudgeWave ${halt}`,
    outcome: 'halted',
    updated: [0],
  },
  'the response of JudgeWave is lost': {
    targets: 1,
    faults: { 'judge-wave': losesItsResponse('Lambda.ServiceException', 1) },
    path: `${start} ${wave} ${finished}`,
    outcome: 'finished',
    updated: [0],
  },
  'HaltRollout fails, and the rollout is halted nevertheless': {
    targets: 2,
    fails: [0],
    faults: { 'halt-rollout': throws('Injected') },
    path: `${start} ${wave} HaltRollout RolloutHalted`,
    outcome: 'halted',
    updated: [],
  },
  'the Distributed Map cannot write its results': {
    targets: 2,
    machine: { DeployWave: { ResultWriter: { Parameters: { Bucket: 'work', Prefix: '..' } } } },
    path: `${start} ${wave} ${halt}`,
    outcome: 'halted',
    updated: [0],
  },
  'recording the outcome fails permanently': {
    targets: 1,
    faults: { 'end-rollout': throws('Injected') },
    path: `${start} ${wave} NextWave WaveReady? RecordFinished RolloutRecordingFailed`,
    outcome: 'unrecorded',
    updated: [0],
  },
};
