import { CertferryError } from '../../../core/errors.ts';
import { backupSecretOf } from '../../../core/targets/kinds/k8ssecret.ts';
import type { Content } from './content.ts';
import type { SecretPlan } from './plan.ts';
import type { SecretName, StoredSecret } from './secret.ts';
import type { SecretsApi, WriteOptions } from './secrets-api.ts';
import { writeUntilDecided } from './write.ts';

/** The deployment whose plan needs a copy. */
export type CopyOwner = Pick<SecretPlan, 'namespace' | 'secret' | 'targetId' | 'deploymentId'>;

const managedBy = 'app.kubernetes.io/managed-by';
const backupOf = 'certferry/backup-of';

/**
 * The copies of previous versions, in a Secret beside that of the target. It has two keys for each copy, named after target
 * and deployment. One Secret with a fixed name, because a role can limit only known names.
 */
export interface Backup {
  /** @throws CertferryError PlanInvalid if the Secret exists and is not a backup of certferry */
  check(): Promise<void>;
  /** Stores a copy. Idempotent. */
  keep(owner: CopyOwner, content: Content, options: WriteOptions): Promise<void>;
  /** Null if there is no copy. */
  find(owner: CopyOwner): Promise<Content | null>;
  /** Removes the copies of a target, except those of these deployments. */
  retain(targetId: string, deploymentIds: ReadonlySet<string>): Promise<void>;
  remove(owner: CopyOwner): Promise<void>;
}

export function openBackup(api: SecretsApi, { namespace, name: secret }: SecretName): Backup {
  const name: SecretName = { namespace, name: backupSecretOf(secret) };

  async function read(): Promise<StoredSecret | null> {
    const found = await api.read(name);
    if (found !== null) assertBackup(found, name, secret);
    return found;
  }

  function removeKeys(isRemoved: (key: string) => boolean): Promise<void> {
    return writeUntilDecided(name, async () => {
      const found = await read();
      const keys = Object.keys(found?.data ?? {}).filter(isRemoved);
      if (found === null || keys.length === 0) return 'written';
      const data = Object.fromEntries(keys.map((key) => [key, null]));
      return await api.patch(
        name,
        { resourceVersion: found.metadata.resourceVersion, data },
        { dryRun: false },
      );
    });
  }

  return {
    check: async () => {
      await read();
    },
    keep: (owner, content, options) =>
      writeUntilDecided(name, async () => {
        const found = await read();
        const data = keysOf(owner, content);
        if (found === null) {
          const labels = { [managedBy]: 'certferry' };
          const annotations = { [backupOf]: secret };
          return await api.create(name, { type: 'Opaque', labels, annotations, data }, options);
        }
        const isKept = Object.entries(data).every(([key, value]) => found.data[key] === value);
        if (isKept) return 'written';
        return await api.patch(name, { resourceVersion: found.metadata.resourceVersion, data }, options);
      }),
    find: async (owner) => {
      const data = (await read())?.data ?? {};
      const [certificate, key] = [data[keyOf(owner, 'crt')], data[keyOf(owner, 'key')]];
      if (certificate === undefined && key === undefined) return null;
      return { certificate: certificate ?? null, key: key ?? null };
    },
    retain: (targetId, deploymentIds) =>
      removeKeys((key) => {
        const owner = ownerOfKey(key);
        return owner !== null && owner.targetId === targetId && !deploymentIds.has(owner.deploymentId);
      }),
    remove: (owner) => removeKeys((key) => key === keyOf(owner, 'crt') || key === keyOf(owner, 'key')),
  };
}

/** Keys may have letters, digits, `.`, `_` and `-`. A deployment id has no dot, so the last two dots separate the parts. */
export function keyOf(
  { targetId, deploymentId }: Pick<CopyOwner, 'targetId' | 'deploymentId'>,
  part: 'crt' | 'key',
) {
  return `${targetId}.${deploymentId}.${part}`;
}

function ownerOfKey(key: string): Pick<CopyOwner, 'targetId' | 'deploymentId'> | null {
  const [, targetId, deploymentId] = /^(.+)\.([^.]+)\.(?:crt|key)$/.exec(key) ?? [];
  return targetId === undefined || deploymentId === undefined ? null : { targetId, deploymentId };
}

function keysOf(owner: CopyOwner, { certificate, key }: Content): Record<string, string> {
  return {
    ...(certificate === null ? {} : { [keyOf(owner, 'crt')]: certificate }),
    ...(key === null ? {} : { [keyOf(owner, 'key')]: key }),
  };
}

function assertBackup(
  { metadata: { labels, annotations } }: StoredSecret,
  { namespace, name }: SecretName,
  secret: string,
): void {
  if (labels[managedBy] === 'certferry' && annotations[backupOf] === secret) return;
  throw new CertferryError(
    'PlanInvalid',
    `The Secret ${name} in the namespace ${namespace} is not a backup of certferry, but has its name. Rename or remove it.`,
    { details: { namespace, secret: name } },
  );
}
