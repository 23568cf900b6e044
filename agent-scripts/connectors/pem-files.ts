import type { Bundle } from '../../core/deployment/version.ts';
import type { DefaultOwnership } from '../host/ownership.ts';
import type { DesiredFile, FileRole, RoleDefaults } from './desired-change.ts';

/** The part of a config that every kind with PEM files shares (see core/target/fields.ts). */
interface OwnedConfig {
  readonly certMode?: string | undefined;
  readonly keyMode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

interface PemFilesConfig extends OwnedConfig {
  readonly certPath: string;
  readonly keyPath: string;
  readonly chainPath?: string | undefined;
}

/** Root reads key and certificate before a daemon drops its privileges, so root alone owns them. */
export const rootOwned: RoleDefaults = {
  certificate: { mode: 0o644, owners: ['root'], groups: ['root'] },
  chain: { mode: 0o644, owners: ['root'], groups: ['root'] },
  privateKey: { mode: 0o600, owners: ['root'], groups: ['root'] },
  combined: { mode: 0o600, owners: ['root'], groups: ['root'] },
  trigger: { mode: 0o644, owners: ['root'], groups: ['root'] },
};

/** A daemon that reads its key after it has dropped its privileges reads it as its group, and cannot replace it. */
export function rootOwnedReadableBy(group: string): RoleDefaults {
  return { ...rootOwned, privateKey: { mode: 0o640, owners: ['root'], groups: [group] } };
}

/** What a role gets when neither the config nor its kind says anything: the agent's own user, the key for it alone. */
const fallbackOwnership: Readonly<Record<FileRole, DefaultOwnership>> = {
  certificate: { mode: 0o644, owners: [], groups: [] },
  chain: { mode: 0o644, owners: [], groups: [] },
  privateKey: { mode: 0o600, owners: [], groups: [] },
  combined: { mode: 0o600, owners: [], groups: [] },
  trigger: { mode: 0o644, owners: [], groups: [] },
};

const holdsKey: readonly FileRole[] = ['privateKey', 'combined'];

/** One file of a target with the owner and mode that its config and kind give its role. */
export function desiredFile(
  role: FileRole,
  path: string,
  content: string | null,
  config: OwnedConfig,
  defaults: RoleDefaults,
): DesiredFile {
  const mode = holdsKey.includes(role) ? config.keyMode : config.certMode;
  return {
    role,
    path,
    content,
    explicit: role === 'trigger' ? {} : { mode, owner: config.owner, group: config.group },
    defaults: defaults[role] ?? fallbackOwnership[role],
  };
}

/**
 * Certificate, key and (where the config names one) chain as files of their own. Key and certificate come last and
 * next to each other: files are renamed in this order, and only between those two can a pair be mismatched.
 */
export function pemFiles(
  bundle: Bundle,
  config: PemFilesConfig,
  certContents: 'fullchain' | 'leaf',
  defaults: RoleDefaults,
): readonly DesiredFile[] {
  const chain = bundle.chain.join('');
  const certificate = certContents === 'fullchain' ? bundle.leaf + chain : bundle.leaf;
  return [
    ...(config.chainPath === undefined || chain === ''
      ? []
      : [desiredFile('chain', config.chainPath, chain, config, defaults)]),
    desiredFile('privateKey', config.keyPath, bundle.key, config, defaults),
    desiredFile('certificate', config.certPath, certificate, config, defaults),
  ];
}
