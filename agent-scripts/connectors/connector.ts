import type { Bundle } from '../../core/deployment/version.ts';
import type { TargetKind } from '../../core/targets/kinds/kinds.ts';
import type { TargetOf } from '../../core/targets/target.ts';
import type { Activation } from '../activations/activation.ts';
import type { Distribution } from '../host/distribution.ts';
import type { DesiredFile, RoleDefaults } from './desired-change.ts';

/**
 * A kind of daemon that reads files. It only describes: all members are pure, and the same mechanism (`apply/`)
 * carries out every kind. `validate` is argv; it and `activate` are null when the target has no such thing.
 */
export interface FileConnector<Kind extends TargetKind> {
  readonly kind: Kind;
  readonly defaults: Readonly<Record<Distribution, RoleDefaults>>;
  files(bundle: Bundle, config: TargetOf<Kind>['config'], distribution: Distribution): readonly DesiredFile[];
  validate(config: TargetOf<Kind>['config']): readonly string[] | null;
  /** `certificate` is the name of the target's certificate, for daemons that must be told which of theirs it is. */
  activate(config: TargetOf<Kind>['config'], certificate: string): Activation | null;
  /**
   * argv that starts the daemon on its real configuration, for `rehearse: true`. It may go into the background. Left out
   * where a second instance would not be sound.
   */
  sandbox?(config: TargetOf<Kind>['config']): readonly string[];
}
