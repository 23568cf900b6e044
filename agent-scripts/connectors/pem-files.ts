import type { Bundle } from '../../core/deployment/version.ts';
import type { DefaultOwnership } from '../host/ownership.ts';
import type { DesiredFile, FileRole, RoleDefaults } from './desired-change.ts';

/** The fields of a configuration that all kinds share (see core/targets/kinds/fields.ts). */
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

/** For daemons that read their files as root before they drop privileges: only root can read the key. */
export const rootOwned: RoleDefaults = {
  certificate: { mode: 0o644, owners: ['root'], groups: ['root'] },
  chain: { mode: 0o644, owners: ['root'], groups: ['root'] },
  privateKey: { mode: 0o600, owners: ['root'], groups: ['root'] },
  combined: { mode: 0o600, owners: ['root'], groups: ['root'] },
  trigger: { mode: 0o644, owners: ['root'], groups: ['root'] },
};

/** For daemons that read the key after they drop privileges: the first of these groups that exists can read the key. */
export function rootOwnedReadableBy(...groups: string[]): RoleDefaults {
  return { ...rootOwned, privateKey: { mode: 0o640, owners: ['root'], groups } };
}

/** Ownership if neither configuration nor kind sets one: the agent's user, and only that user can read the key. */
const fallbackOwnership: Readonly<Record<FileRole, DefaultOwnership>> = {
  certificate: { mode: 0o644, owners: [], groups: [] },
  chain: { mode: 0o644, owners: [], groups: [] },
  privateKey: { mode: 0o600, owners: [], groups: [] },
  combined: { mode: 0o600, owners: [], groups: [] },
  trigger: { mode: 0o644, owners: [], groups: [] },
};

const rolesWithKey: readonly FileRole[] = ['privateKey', 'combined'];

/** One file of a target, with the ownership that configuration and kind set for its role. */
export function desiredFile(
  role: FileRole,
  path: string,
  content: string | null,
  config: OwnedConfig,
  defaults: RoleDefaults,
): DesiredFile {
  const mode = rolesWithKey.includes(role) ? config.keyMode : config.certMode;
  return {
    role,
    path,
    content,
    explicit: role === 'trigger' ? {} : { mode, owner: config.owner, group: config.group },
    defaults: defaults[role] ?? fallbackOwnership[role],
  };
}

/**
 * Separate files for certificate, key and, if configured, chain. The agent renames files in this order. Key and
 * certificate are adjacent, so they mismatch only between two consecutive renames.
 *
 * A version without intermediates replaces the chain too: the previous one belongs to another issuer. By default the file
 * then holds the leaf. OpenSSL refuses a trust store that is empty or missing (SSL_CTX_load_verify_locations(3)), and a
 * leaf in it changes nothing: no certificate is issued by it.
 */
export function pemFiles(
  bundle: Bundle,
  config: PemFilesConfig,
  certContents: 'fullchain' | 'leaf',
  defaults: RoleDefaults,
  emptyChain: string = bundle.leaf,
): readonly DesiredFile[] {
  const chain = bundle.chain.join('');
  const certificate = certContents === 'fullchain' ? bundle.leaf + chain : bundle.leaf;
  return [
    ...(config.chainPath === undefined
      ? []
      : [desiredFile('chain', config.chainPath, chain === '' ? emptyChain : chain, config, defaults)]),
    desiredFile('privateKey', config.keyPath, bundle.key, config, defaults),
    desiredFile('certificate', config.certPath, certificate, config, defaults),
  ];
}
