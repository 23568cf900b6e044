import type { DeploymentOutcome } from '../deployment/outcome.ts';
import { type ErrorName, errorNames } from '../errors.ts';
import type { RolloutOutcome } from '../rollout/rollout.ts';

/** A heading of docs/troubleshooting.md, as the part of an address after `#`. */
const headings = {
  ended: 'how-deployments-end',
  notServed: 'the-endpoint-does-not-serve-the-new-leaf',
  unprobed: 'deployed_unprobed-installed-but-not-probed',
  rollbackFailed: 'rollback_failed-manual-action-required',
  unverified: 'rolled_back_unverified-restored-but-not-verified',
  lost: 'lost-outcome-unknown',
  agentNotStarted: 'the-agent-does-not-start',
  staleFence: 'stalefence-and-reinstalled-stacks',
  bundles: 'certificate-bundles',
  requests: 'targets-and-requests',
  locks: 'locks',
  rollouts: 'rollout-errors',
  sources: 'source-errors',
  stack: 'stack',
  localMode: 'local-mode',
  delivery: 'job-delivery',
  host: 'on-the-host',
  probes: 'probes',
  hostKey: 'a-host-key-changed',
  ofAws: 'error-names-of-aws',
} as const;

type Heading = (typeof headings)[keyof typeof headings];

/** Outcomes with an entry of their own. For the others, the entry of the reason has the next step. */
const outcomeEntries: Partial<Record<DeploymentOutcome, Heading>> = {
  deployed_unprobed: headings.unprobed,
  rolled_back: headings.notServed,
  rolled_back_unverified: headings.unverified,
  rollback_failed: headings.rollbackFailed,
  lost: headings.lost,
  lock_unavailable: headings.locks,
};

const inSection = <Name extends ErrorName>(heading: Heading, ...names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, heading])) as Record<Name, Heading>;

const errorEntries: Readonly<Record<ErrorName, Heading>> = {
  ...inSection(
    headings.bundles,
    ...(['BundleUnreadable', 'BundleTooLarge', 'TooManyCertificates', 'NoLeaf', 'SeveralLeaves'] as const),
    ...(['LeafIsCa', 'NoPrivateKey', 'SeveralPrivateKeys', 'KeyMismatch', 'KeyTooWeak'] as const),
    ...(['KeyTypeUnsupported', 'WeakSignature', 'CertificateExpired', 'CertificateNotYetValid'] as const),
    ...(['ChainBroken', 'UnknownCriticalExtension', 'IssuerNotCa', 'KeyUsageUnfit'] as const),
    ...(['PurposeUnfit', 'PathLengthExceeded', 'NameConstraintViolated', 'WrongPassphrase'] as const),
  ),
  ...inSection(headings.requests, 'InvalidTarget', 'InvalidRequest', 'NameNotCovered'),
  ...inSection(headings.locks, 'LockHeld', 'LockWaitOver', 'Superseded'),
  ...inSection(
    headings.rollouts,
    ...(['UnknownCertificate', 'NoTargets', 'RolloutExists', 'RolloutHalted', 'TooManyFailures'] as const),
    ...(['TooManyUnprobed', 'ServiceStale', 'ApprovalRejected'] as const),
  ),
  ...inSection(headings.stack, 'StackUnusable'),
  ...inSection(headings.localMode, 'StateFolderFull'),
  ...inSection(headings.sources, 'SourceUnavailable', 'SourceMismatch', 'SourceUnfit'),
  ...inSection(
    headings.delivery,
    ...([
      'JobTooLarge',
      'JobUnreadable',
      'JobExpired',
      'JobUnsigned',
      'JobReplayed',
      'SealBroken',
      'FenceTooHigh',
    ] as const),
    ...(['RetiredHostKey', 'UnknownHostKey', 'EnrolmentLoop', 'CommandUndeliverable'] as const),
    ...([
      'HostTerminated',
      'HostDeselected',
      'SendPaced',
      'NotPerformed',
      'Interrupted',
      'NoReceipt',
    ] as const),
  ),
  ...inSection(headings.staleFence, 'StaleFence'),
  ...inSection(headings.hostKey, 'HostKeyChanged'),
  ...inSection(headings.agentNotStarted, 'AgentNotStarted'),
  ...inSection(headings.lost, 'HostLost'),
  ...inSection(
    headings.host,
    ...([
      'UntrustedPath',
      'PlanInvalid',
      'UnknownOwner',
      'HostBusy',
      'StagingFailed',
      'CommitFailed',
    ] as const),
    ...(['ValidationFailed', 'ReloadFailed', 'DaemonUnreachable', 'CredentialUnavailable'] as const),
    ...([
      'CredentialRefused',
      'ServerNotTrusted',
      'StoreUnreachable',
      'StoreRefused',
      'StoreConflict',
    ] as const),
    ...(['Irreversible'] as const),
  ),
  ...inSection(headings.rollbackFailed, 'RestoreFailed'),
  ...inSection(
    headings.probes,
    ...(['ProbeUnavailable', 'LeafNotServed', 'EndpointUnreachable', 'ServedUnfit', 'ProbeFailed'] as const),
  ),
};

/** The heading in docs/troubleshooting.md about an error name or a reason, which may be a name of AWS. */
export function entryOfReason(reason: string): Heading {
  return isErrorName(reason) ? errorEntries[reason] : headings.ofAws;
}

/** The heading in docs/troubleshooting.md about an outcome and its reason. */
export function entryOfDeployment(outcome: DeploymentOutcome, reason: string | null): Heading {
  return outcomeEntries[outcome] ?? (reason === null ? headings.ended : entryOfReason(reason));
}

/** The heading in docs/troubleshooting.md about a rollout. `lost`: its execution recorded no outcome. */
export function entryOfRollout(outcome: RolloutOutcome | 'lost', reason: string | null): Heading {
  if (outcome === 'rollback_incomplete') return headings.rollbackFailed;
  if (outcome === 'lost') return headings.lost;
  return reason !== null && isErrorName(reason) ? errorEntries[reason] : headings.rollouts;
}

/** The heading in docs/troubleshooting.md about endpoints that do not serve what they should, as a sweep or a probe finds them. */
export const entryOfServedProblem: Heading = headings.notServed;

function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(errorNames, name);
}
