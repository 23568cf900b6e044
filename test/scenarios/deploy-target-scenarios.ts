import { join } from 'node:path';
import type { TargetOf } from '../../core/targets/target.ts';
import { makeStuck, type ServedTarget } from '../local/served-target.ts';
import { doesNothing, type Fault, losesItsResponse, throws } from './faults.ts';

/** When a scenario begins, the host is enrolled and has a version. */
export interface Scenario {
  readonly faults?: Readonly<Record<string, Fault>>;
  /** The event that ends the wait for the command never arrives. */
  readonly losesEvents?: boolean;
  readonly before?: (served: ServedTarget) => void;
  readonly config?: (served: ServedTarget) => object;
  readonly onDeployed?: (served: ServedTarget) => readonly (readonly string[])[];
  /** The only warning of the deployment. Default: there is none. */
  readonly warning?: RegExp;
  /** A file that exists at the end, in the folder of the server. */
  readonly leaves?: string;
  readonly verify?: 'none' | { readonly probeFrom: 'host' };
  readonly path: string;
  readonly outcome: string;
  readonly status?: 'SUCCEEDED' | 'FAILED';
  /** The version that is on the server's disk at the end. */
  readonly installed: 'new' | 'old';
}

const pushed = 'AcquireLock PushBundle PushOutcome?';
const probed = `${pushed} ProbeEndpoint ProbeOutcome?`;
const commit = 'CommitDeployment Deployed';
const rollBack = 'RollBack RollBackOutcome? ProbeRestored ProbeRestoredOutcome? RecordRolledBack RolledBack';
const rollbackFailed = 'RecordRollbackFailed RollbackFailed';
const deployed = { outcome: 'deployed', status: 'SUCCEEDED', installed: 'new' } as const;
const gone = { outcome: 'gone', status: 'SUCCEEDED', installed: 'old' } as const;
const rolledBack = { outcome: 'rolled_back', installed: 'old' } as const;

export const scenarios: Readonly<Record<string, Scenario>> = {
  'nothing fails': { path: `${probed} ${commit}`, ...deployed },
  'the target has commands for after the deployment': {
    onDeployed: ({ folder }) => [['touch', join(folder, 'ran')]],
    leaves: 'ran',
    path: `${probed} RunOnDeployed ${commit}`,
    ...deployed,
  },
  'a command after the deployment fails': {
    onDeployed: ({ folder }) => [['false'], ['touch', join(folder, 'ran')]],
    leaves: 'ran',
    warning: /^onDeployed: false exited with 1$/,
    path: `${probed} RunOnDeployed ${commit}`,
    ...deployed,
  },
  'the job with the commands is not sent': {
    onDeployed: () => [['true']],
    faults: { 'run-on-deployed': throws('StaleFence') },
    warning: /^onDeployed: it is unknown whether the commands ran: StaleFence/,
    path: `${probed} RunOnDeployed ${commit}`,
    ...deployed,
  },
  'a deployment with commands is not verified': {
    onDeployed: () => [['false']],
    verify: 'none',
    path: `${pushed} ${commit}`,
    outcome: 'deployed_unverified',
    status: 'SUCCEEDED',
    installed: 'new',
  },
  'the target is not verified': {
    verify: 'none',
    path: `${pushed} ${commit}`,
    outcome: 'deployed_unverified',
    status: 'SUCCEEDED',
    installed: 'new',
  },
  'the request cannot be read': {
    faults: { 'acquire-lock': throws('InvalidRequest') },
    path: 'AcquireLock RecordFailed DeploymentFailed',
    outcome: 'rejected',
    installed: 'old',
  },
  'the lock stays held': {
    faults: { 'acquire-lock': throws('LockHeld') },
    path: 'AcquireLock RecordLockUnavailable LockUnavailable',
    outcome: 'lock_unavailable',
    installed: 'old',
  },
  'the maximum wait for the lock is over': {
    faults: { 'acquire-lock': throws('LockWaitOver') },
    path: 'AcquireLock RecordLockUnavailable LockUnavailable',
    outcome: 'lock_unavailable',
    installed: 'old',
  },
  'the lock is held for a while': {
    faults: { 'acquire-lock': throws('LockHeld', 3) },
    path: `${probed} ${commit}`,
    ...deployed,
  },
  'a later request exists': {
    faults: { 'acquire-lock': throws('Superseded') },
    path: 'AcquireLock RecordSuperseded Superseded',
    outcome: 'superseded',
    status: 'SUCCEEDED',
    installed: 'old',
  },
  'the response of AcquireLock is lost': {
    faults: { 'acquire-lock': losesItsResponse('Lambda.ServiceException', 1) },
    path: `${probed} ${commit}`,
    ...deployed,
  },
  'the secret is unavailable': {
    faults: { 'push-bundle': throws('SourceUnavailable') },
    path: 'AcquireLock PushBundle RecordFailed DeploymentFailed',
    outcome: 'rejected',
    installed: 'old',
  },
  'SSM does not accept the command': {
    faults: { 'push-bundle': throws('CommandUndeliverable') },
    path: 'AcquireLock PushBundle RecordFailed DeploymentFailed',
    outcome: 'rejected',
    installed: 'old',
  },
  'the host is terminated before the job is sent': {
    faults: { 'push-bundle': throws('HostTerminated') },
    path: 'AcquireLock PushBundle RecordGone Gone',
    ...gone,
  },
  'the selector no longer finds the host': {
    faults: { 'push-bundle': throws('HostDeselected') },
    path: 'AcquireLock PushBundle RecordGone Gone',
    ...gone,
  },
  'the host is terminated during the job': {
    losesEvents: true,
    faults: { 'push-bundle': doesNothing, 'reconcile-command': throws('HostTerminated') },
    path: 'AcquireLock PushBundle ReconcileCommand RecordGone Gone',
    ...gone,
  },
  'the host is terminated while it probes its endpoint': {
    faults: { 'probe-from-host': throws('HostTerminated') },
    verify: { probeFrom: 'host' },
    path: `${pushed} ProbeFromHost RecordGone Gone`,
    ...gone,
    installed: 'new',
  },
  'the host is terminated before it is rolled back': {
    before: makeStuck,
    faults: { 'roll-back': throws('HostTerminated') },
    path: `${probed} BackOff ProbeFrom? ProbeEndpoint ProbeOutcome? RollBack RecordGone Gone`,
    ...gone,
    installed: 'new',
  },
  'the response of PushBundle is lost, and its retry sends no second command': {
    faults: { 'push-bundle': losesItsResponse('Lambda.ServiceException', 2) },
    path: `${probed} ${commit}`,
    ...deployed,
  },
  'the event of the ended command is lost': {
    faults: { 'command-status': doesNothing },
    losesEvents: true,
    path: `AcquireLock PushBundle ReconcileCommand ReconcileOutcome? PushOutcome? ProbeEndpoint ProbeOutcome? ${commit}`,
    ...deployed,
  },
  'PushBundle fails before it sends a command': {
    faults: { 'push-bundle': throws('Lambda.Unknown') },
    path: 'AcquireLock PushBundle ReconcileCommand ReconcileOutcome? PushOutcome? RecordFailed DeploymentFailed',
    outcome: 'rejected',
    installed: 'old',
  },
  'the result of the push stays unknown': {
    losesEvents: true,
    faults: { 'push-bundle': doesNothing, 'reconcile-command': throws('HostLost') },
    path: 'AcquireLock PushBundle ReconcileCommand RecordLost DeploymentLost',
    outcome: 'lost',
    installed: 'old',
  },
  'the agent is killed during the reload': {
    config: ({ folder, target }) => {
      const hup = (target() as TargetOf<'nginx'>).config.reloadCommand?.join(' ');
      const dies = `[ $(wc -l < ${folder}/reloads) -ne 1 ] || kill -9 $PPID`;
      return { reloadCommand: ['sh', '-c', `echo x >> ${folder}/reloads; ${dies}; ${hup}`] };
    },
    path: `${pushed} ReconcileCommand ReconcileOutcome? PushOutcome? ${rollBack}`,
    ...rolledBack,
  },
  'the daemon refuses the staged bytes': {
    config: () => ({ validateCommand: ['false'] }),
    path: `${pushed} RecordFailed DeploymentFailed`,
    outcome: 'validate_failed',
    installed: 'old',
  },
  'the reload fails once': {
    config: ({ folder }) => ({
      reloadCommand: ['sh', '-c', `[ -e ${folder}/failed ] || { touch ${folder}/failed; exit 1; }`],
    }),
    path: `${pushed} RecordFailed DeploymentFailed`,
    outcome: 'reload_failed',
    installed: 'old',
  },
  'the reload fails permanently': {
    config: () => ({ reloadCommand: ['false'] }),
    path: `${pushed} ${rollbackFailed}`,
    outcome: 'rollback_failed',
    installed: 'old',
  },
  'the server keeps serving the previous version': {
    before: makeStuck,
    path: `${probed} BackOff ProbeFrom? ProbeEndpoint ProbeOutcome? ${rollBack}`,
    ...rolledBack,
  },
  'ProbeEndpoint fails': {
    faults: { 'probe-endpoint': throws('Lambda.Unknown') },
    path: `${pushed} ProbeEndpoint AcceptUnprobed? RecordUnprobed Unprobed`,
    outcome: 'deployed_unprobed',
    installed: 'new',
  },
  'ProbeEndpoint is throttled permanently': {
    faults: { 'probe-endpoint': throws('Lambda.TooManyRequestsException') },
    path: `${pushed} ProbeEndpoint AcceptUnprobed? RecordUnprobed Unprobed`,
    outcome: 'deployed_unprobed',
    installed: 'new',
  },
  'a probe is late': {
    before: makeStuck,
    faults: { 'probe-endpoint': throws('Lambda.TooManyRequestsException', 3) },
    path: `${probed} BackOff ProbeFrom? ProbeEndpoint ProbeOutcome? ${rollBack}`,
    ...rolledBack,
  },
  'ProbeEndpoint fails once': {
    faults: { 'probe-endpoint': throws('Lambda.Unknown', 1) },
    path: `${probed} ${commit}`,
    ...deployed,
  },
  'the agent dies during the rollback, and the next one continues': {
    before: makeStuck,
    // the reload of the deployment succeeds; the reload of the rollback kills the agent, once
    config: ({ folder, target }) => {
      const hup = (target() as TargetOf<'nginx'>).config.reloadCommand?.join(' ');
      const dies = `[ $(wc -l < ${folder}/reloads) -ne 2 ] || kill -9 $PPID`;
      return { reloadCommand: ['sh', '-c', `echo x >> ${folder}/reloads; ${dies}; ${hup}`] };
    },
    path: `${probed} BackOff ProbeFrom? ProbeEndpoint ProbeOutcome? ${rollBack}`,
    ...rolledBack,
  },
  'RollBack fails': {
    before: makeStuck,
    faults: { 'roll-back': throws('StaleFence') },
    path: `${probed} BackOff ProbeFrom? ProbeEndpoint ProbeOutcome? RollBack ${rollbackFailed}`,
    outcome: 'rollback_failed',
    installed: 'new',
  },
  'ProbeRestored fails': {
    before: makeStuck,
    faults: { 'probe-restored': throws('ProbeUnavailable') },
    path: `${probed} BackOff ProbeFrom? ProbeEndpoint ProbeOutcome? RollBack RollBackOutcome? ProbeRestored RecordRolledBackUnverified RolledBackUnverified`,
    outcome: 'rolled_back_unverified',
    installed: 'old',
  },
  'recording fails for a while': {
    faults: { 'record-outcome': throws('TransactionCanceledException', 4) },
    path: `${probed} ${commit}`,
    ...deployed,
  },
  'the answer of recording is lost': {
    faults: { 'record-outcome': losesItsResponse('Lambda.ServiceException', 1) },
    path: `${probed} ${commit}`,
    ...deployed,
  },
  'recording fails permanently': {
    faults: { 'record-outcome': throws('Lambda.Unknown') },
    path: `${probed} CommitDeployment RecordingFailed`,
    outcome: 'lost',
    installed: 'new',
  },
};
