import type { Bundle } from '../../core/deployment/version.ts';
import type { Target, TargetKind } from '../../core/target/target.ts';
import type { Distribution, WantedChange } from '../apply/wanted.ts';
import type { FileConnector } from './connector.ts';
import { files } from './files.ts';
import { nginx } from './nginx.ts';

const connectors: { readonly [Kind in TargetKind]: FileConnector<Kind> } = { nginx, files };

/** Asks the connector of the target's kind. Pure. */
export function wantedChange(target: Target, bundle: Bundle, distribution: Distribution): WantedChange {
  return describe(connectors[target.kind] as FileConnector<TargetKind>, target, bundle, distribution);
}

function describe(
  connector: FileConnector<TargetKind>,
  target: Target,
  bundle: Bundle,
  distribution: Distribution,
): WantedChange {
  return {
    files: connector.files(bundle, target.config, distribution),
    validate: connector.validate(target.config),
    activate: connector.activate(target.config),
    shadow: target.config.rehearse ? (connector.shadow?.(target.config) ?? []) : null,
  };
}
