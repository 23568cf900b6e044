/** Whether repeating the same call can help: at once, after a wait, or never. */
export type RetryAdvice = 'now' | 'later' | 'never';

/** Facts about a failure that are safe to log: never bytes of a bundle, never a secret that was compared. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * Every error name certferry throws or gives as an outcome's reason, with whether repeating helps. The name is what a
 * state machine's `ErrorEquals` matches and what `docs/troubleshooting.md` lists; a test holds the three equal.
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
  WrongPassphrase: 'never',
  // targets and requests
  InvalidTarget: 'never',
  InvalidRequest: 'never',
  // locks
  LockHeld: 'later',
  Superseded: 'never',
  // rollouts
  UnknownCertificate: 'never',
  NoTargets: 'never',
  RolloutExists: 'never',
  RolloutHalted: 'never',
  TooManyFailures: 'never',
  ServiceStale: 'later',
  ApprovalRejected: 'never',
  // a stack in an account
  StackUnusable: 'never',
  // sources
  SourceUnavailable: 'later',
  SourceMismatch: 'never',
  SourceUnfit: 'never',
  // carrying a job
  JobTooLarge: 'never',
  JobUnreadable: 'never',
  JobExpired: 'never',
  SealBroken: 'never',
  UnknownHostKey: 'now',
  StaleFence: 'never',
  EnrolmentLoop: 'never',
  CommandUndeliverable: 'later',
  SendPaced: 'later',
  HostLost: 'later',
  NoReceipt: 'never',
  // on the host
  PlanInvalid: 'never',
  UnknownOwner: 'never',
  HostBusy: 'later',
  StagingFailed: 'later',
  CommitFailed: 'later',
  RestoreFailed: 'never',
  DaemonUnreachable: 'later',
  // probing
  ProbeFailed: 'later',
} as const satisfies Readonly<Record<string, RetryAdvice>>;

export type ErrorName = keyof typeof errorNames;

/**
 * The one error class of certferry. `name` is stable and machine-readable; `message` says what was attempted, on
 * what, the offending value and the next step.
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

/** Guards by name, not by prototype: an error may have crossed a bundle, a worker or a wire. */
export function isCertferryError(error: unknown): error is CertferryError {
  return error instanceof Error && Object.hasOwn(errorNames, error.name);
}
