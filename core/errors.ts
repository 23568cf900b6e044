/** Whether a retry can help: at once, after a wait, or never. */
export type RetryAdvice = 'now' | 'later' | 'never';

/** Facts about a failure that are safe to log: never bytes of a bundle, never a secret that was compared. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * All names of errors and reasons of outcomes, each with its retry advice. `ErrorEquals` in the state machines matches
 * these names and `docs/troubleshooting.md` lists them; a test compares the three.
 */
export const errorNames = {
  // certificate bundles
  BundleUnreadable: 'never',
  BundleTooLarge: 'never',
  TooManyCertificates: 'never',
  NoLeaf: 'never',
  SeveralLeaves: 'never',
  LeafIsCa: 'never',
  NoPrivateKey: 'never',
  SeveralPrivateKeys: 'never',
  KeyMismatch: 'never',
  KeyTooWeak: 'never',
  KeyTypeUnsupported: 'never',
  WeakSignature: 'never',
  CertificateExpired: 'never',
  CertificateNotYetValid: 'never',
  ChainBroken: 'never',
  UnknownCriticalExtension: 'never',
  IssuerNotCa: 'never',
  KeyUsageUnfit: 'never',
  PurposeUnfit: 'never',
  PathLengthExceeded: 'never',
  NameConstraintViolated: 'never',
  WrongPassphrase: 'never',
  // targets and requests
  InvalidTarget: 'never',
  InvalidRequest: 'never',
  NameNotCovered: 'never',
  // locks
  LockHeld: 'later',
  LockWaitOver: 'later',
  Superseded: 'never',
  // rollouts
  UnknownCertificate: 'never',
  NoTargets: 'never',
  RolloutExists: 'never',
  RolloutHalted: 'never',
  TooManyFailures: 'never',
  TooManyUnprobed: 'later',
  ServiceStale: 'later',
  ApprovalRejected: 'never',
  // a stack in an account
  StackUnusable: 'never',
  // local mode
  StateFolderFull: 'later',
  // sources
  SourceUnavailable: 'later',
  SourceMismatch: 'never',
  SourceUnfit: 'never',
  // delivering a job
  JobTooLarge: 'never',
  JobUnreadable: 'never',
  JobExpired: 'never',
  JobUnsigned: 'never',
  JobReplayed: 'never',
  SealBroken: 'never',
  RetiredHostKey: 'now',
  UnknownHostKey: 'now',
  StaleFence: 'never',
  FenceTooHigh: 'never',
  EnrolmentLoop: 'never',
  HostKeyChanged: 'never',
  CommandUndeliverable: 'later',
  HostTerminated: 'never',
  HostDeselected: 'never',
  SendPaced: 'later',
  AgentNotStarted: 'later',
  HostLost: 'later',
  NotPerformed: 'now',
  Interrupted: 'now',
  NoReceipt: 'never',
  // on the host
  UntrustedPath: 'never',
  PlanInvalid: 'never',
  UnknownOwner: 'never',
  HostBusy: 'later',
  StagingFailed: 'later',
  CommitFailed: 'later',
  ValidationFailed: 'never',
  ReloadFailed: 'never',
  RestoreFailed: 'never',
  DaemonUnreachable: 'later',
  // targets in a store
  CredentialUnavailable: 'later',
  CredentialRefused: 'never',
  ServerNotTrusted: 'never',
  StoreUnreachable: 'later',
  StoreRefused: 'never',
  StoreConflict: 'later',
  Irreversible: 'never',
  // probing
  ProbeFailed: 'later',
  ProbeUnavailable: 'later',
  EndpointUnreachable: 'later',
  LeafNotServed: 'later',
  ServedUnfit: 'never',
} as const satisfies Readonly<Record<string, RetryAdvice>>;

export type ErrorName = keyof typeof errorNames;

/**
 * The only error class of certferry. `name` is stable and machine-readable; `message` gives what happened, the observed
 * value and the next step.
 */
export class CertferryError extends Error {
  override readonly name: ErrorName;
  readonly retry: RetryAdvice;
  readonly details: ErrorDetails;

  constructor(name: ErrorName, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = name;
    this.retry = errorNames[name];
    this.details = options.details ?? {};
  }
}

/** Compares the name, not the prototype: an error may come from another bundle, worker or process. */
export function isCertferryError(error: unknown): error is CertferryError {
  return error instanceof Error && Object.hasOwn(errorNames, error.name);
}
