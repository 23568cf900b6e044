import type { CredentialValues } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import type { FileKind } from '../../core/targets/kinds/kinds.ts';
import type { TargetOf } from '../../core/targets/target.ts';
import type { Activation } from '../activations/activation.ts';
import type { Distribution } from '../host/distribution.ts';
import type { CertificateInFile, DesiredFile } from './desired-change.ts';

/** Exit status with which the command of a sandboxed instance reports that it could prove nothing. Its output is the reason. */
export const cannotBeRehearsed = 97;

/**
 * Describes how one kind of daemon gets a certificate. All members are pure; the other folders of the agent carry out
 * what a connector describes, in the same way for every kind.
 */
export interface Connector<Kind extends FileKind> {
  files(
    bundle: Bundle,
    config: TargetOf<Kind>['config'],
    distribution: Distribution,
    credentials: CredentialValues,
  ): readonly DesiredFile[];
  /** Reads the certificate of a file that is not PEM. */
  certificateIn?(
    config: TargetOf<Kind>['config'],
    credentials: CredentialValues,
  ): (bytes: Buffer) => CertificateInFile;
  /** The standard input of `validate`, if it needs a credential. */
  validateInput?(config: TargetOf<Kind>['config'], credentials: CredentialValues): string | undefined;
  /** Argv of the daemon's own check. Null if there is none. */
  validate(config: TargetOf<Kind>['config']): readonly string[] | null;
  /** How the daemon loads the files. `certificate` is the name of the target's certificate. Null if it watches them. */
  activate(config: TargetOf<Kind>['config'], certificate: string): Activation | null;
  /**
   * Argv that starts the daemon with its real configuration, for `rehearse: true`. The command may fork into the
   * background. Omitted if a second instance would prove nothing.
   */
  sandbox?(config: TargetOf<Kind>['config']): readonly string[];
  /** Argv of nginx with the options of the instance. Its configuration decides whether the workers read the key. */
  nginxInstance?(config: TargetOf<Kind>['config']): readonly string[];
}
