import type { Bundle } from '../../core/deployment/version.ts';
import type { TargetKind } from '../../core/targets/kinds/kinds.ts';
import type { Target } from '../../core/targets/target.ts';
import type { Distribution } from '../host/distribution.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import type { Connector } from './connector.ts';
import type { DesiredChange } from './desired-change.ts';
import { dovecot } from './dovecot.ts';
import { envoy } from './envoy.ts';
import { files } from './files.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { postfix } from './postfix.ts';
import { traefik } from './traefik.ts';

/** The only list of connectors: one for each kind in core. */
const connectors: { readonly [Kind in TargetKind]: Connector<Kind> } = {
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

/** What to change on a host of this distribution to install the bundle for the target. Pure. */
export function desiredChange(target: Target, bundle: Bundle, distribution: Distribution): DesiredChange {
  const connector = connectors[target.kind] as Connector<TargetKind>;
  return {
    files: connector.files(bundle, target.config, distribution),
    fileUser: target.config.fileUser,
    validate: connector.validate(target.config),
    activate: connector.activate(target.config, target.certificate),
    sandbox: target.config.rehearse ? (connector.sandbox?.(target.config) ?? []) : null,
    nginxInstance: connector.nginxInstance?.(target.config),
  };
}
