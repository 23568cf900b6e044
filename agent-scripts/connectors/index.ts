import type { Bundle } from '../../core/deployment/version.ts';
import type { Target, TargetKind } from '../../core/targets/target.ts';
import type { Distribution, WantedChange } from '../apply/wanted.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import type { FileConnector } from './connector.ts';
import { dovecot } from './dovecot.ts';
import { envoy } from './envoy.ts';
import { files } from './files.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { postfix } from './postfix.ts';
import { traefik } from './traefik.ts';

const connectors: { readonly [Kind in TargetKind]: FileConnector<Kind> } = {
  nginx,
  files,
  caddy,
  apache,
  haproxy,
  postfix,
  dovecot,
  traefik,
  envoy,
};

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
    activate: connector.activate(target.config, target.certificate),
    shadow: target.config.rehearse ? (connector.shadow?.(target.config) ?? []) : null,
  };
}
