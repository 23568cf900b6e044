import type { Bundle } from '../../core/deployment/version.ts';
import type { DefaultOwnership } from './ownership.ts';
import type { FileRole, WantedFile } from './wanted.ts';

/** The part of a config that every kind with separate PEM files shares (see core/target/fields.ts). */
interface PemFilesConfig {
  readonly certPath: string;
  readonly keyPath: string;
  readonly chainPath?: string | undefined;
  readonly certMode?: string | undefined;
  readonly keyMode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** Root reads key and certificate before a daemon drops its privileges, so root alone owns them. */
export const rootOwned: Readonly<Record<FileRole, DefaultOwnership>> = {
  certificate: { mode: 0o644, owners: ['root'], groups: ['root'] },
  chain: { mode: 0o644, owners: ['root'], groups: ['root'] },
  privateKey: { mode: 0o600, owners: ['root'], groups: ['root'] },
};

/**
 * Certificate, key and (where the config names one) chain as files of their own. Key and certificate come last and
 * next to each other: files are renamed in this order, and only between those two can a pair be mismatched.
 */
export function pemFiles(
  bundle: Bundle,
  config: PemFilesConfig,
  certContents: 'fullchain' | 'leaf',
  defaults: Readonly<Record<FileRole, DefaultOwnership>>,
): readonly WantedFile[] {
  const { owner, group, certMode, keyMode } = config;
  const chain = bundle.chain.join('');
  const certificate = certContents === 'fullchain' ? bundle.leaf + chain : bundle.leaf;
  const file = (role: FileRole, path: string, content: string, mode: string | undefined): WantedFile => ({
    role,
    path,
    content,
    explicit: { mode, owner, group },
    defaults: defaults[role],
  });
  return [
    ...(config.chainPath === undefined || chain === ''
      ? []
      : [file('chain', config.chainPath, chain, certMode)]),
    file('privateKey', config.keyPath, bundle.key, keyMode),
    file('certificate', config.certPath, certificate, certMode),
  ];
}
