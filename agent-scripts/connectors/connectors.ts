import type { CredentialValues } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import type { FileKind } from '../../core/targets/kinds/kinds.ts';
import type { FileTarget } from '../../core/targets/target.ts';
import type { Distribution } from '../host/distribution.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import type { Connector } from './connector.ts';
import type { DesiredChange } from './desired-change.ts';
import { dovecot } from './dovecot.ts';
import { envoy } from './envoy.ts';
import { files } from './files.ts';
import { haproxy } from './haproxy.ts';
import { javakeystore } from './javakeystore.ts';
import { nginx } from './nginx.ts';
import { postfix } from './postfix.ts';
import { traefik } from './traefik.ts';

/** The only list of connectors for kinds with files: one for each such kind in core. */
const connectors: { readonly [Kind in FileKind]: Connector<Kind> } = {
  nginx,
  files,
  caddy,
  apache,
  haproxy,
  postfix,
  dovecot,
  traefik,
  envoy,
  javakeystore,
};

/** What to change on a host of this distribution to install the bundle for the target. Pure. */
export function desiredChange(
  target: FileTarget,
  bundle: Bundle,
  distribution: Distribution,
  credentials: CredentialValues = {},
): DesiredChange {
  const connector = connectors[target.kind] as Connector<FileKind>;
  return {
    files: connector.files(bundle, target.config, distribution, credentials),
    fileUser: target.config.fileUser,
    validate: connector.validate(target.config),
    validateInput: connector.validateInput?.(target.config, credentials),
    certificateIn: connector.certificateIn?.(target.config, credentials),
    activate: connector.activate(target.config, target.certificate),
    sandbox: target.config.rehearse ? (connector.sandbox?.(target.config) ?? []) : null,
    nginxInstance: connector.nginxInstance?.(target.config),
  };
}
