import { factsOfPem } from '../../../core/certificate/facts.ts';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import type { Desired, PlannedStoreChange, Store, StoreAccess, StoreCheck } from '../store.ts';
import { type Backup, openBackup } from './backup.ts';
import { checkSecret } from './checks.ts';
import { type Content, contentDigest, contentIn, contentOf, dataOf, isContentOf, pemOf } from './content.ts';
import { type Annotations, annotationKeys, type SecretPlan } from './plan.ts';
import { repairCommands } from './repair.ts';
import type { SecretName, StoredSecret } from './secret.ts';
import type { SecretsApi, WriteOptions, Written } from './secrets-api.ts';
import { conflict, writeUntilDecided } from './write.ts';

type Access = Pick<StoreAccess<'k8ssecret'>, 'config' | 'targetId' | 'deploymentId'>;

/**
 * The Secret of one target. Each write names the resourceVersion that was read. If another writer was faster, the Secret is
 * read again: a change of its metadata leads to another attempt, a change of certificate or key to StoreConflict.
 */
export function openSecretStore(access: Access, api: SecretsApi): Store<SecretPlan> {
  const { namespace, secret } = access.config;
  const name: SecretName = { namespace, name: secret };

  return {
    observe: async () => {
      const stored = await api.read(name);
      const content = contentIn(stored?.data ?? {});
      return {
        version: factsOfPem(pemOf(content.certificate)),
        matches: (bundle) => stored !== null && isContentOf(content, bundle),
      };
    },
    plan: (desired) => planChange(access, api, desired),
    validate: (plan, desired) => validateChange(access, api, plan, desired),
    apply: (plan, desired) => applyChange(access, api, plan, desired),
    restore: (plan) => restoreSecret(api, plan),
    collect: (kept) =>
      openBackup(api, name).retain(access.targetId, new Set(kept.map(({ deploymentId }) => deploymentId))),
    repair: repairCommands,
    close: async () => api.close(),
  };
}

async function planChange(
  { config, targetId, deploymentId }: Access,
  api: SecretsApi,
  desired: Desired<SecretPlan>,
): Promise<PlannedStoreChange<SecretPlan>> {
  const { namespace, secret } = config;
  const name: SecretName = { namespace, name: secret };
  const wanted = await wantedContent(api, name, desired);
  const stored = await api.read(name);
  const common = {
    v: 1 as const,
    namespace,
    secret,
    targetId,
    deploymentId,
    installed: contentDigest(wanted),
  };
  if (stored === null) {
    if (!config.create) throw isMissing(name);
    return { plan: { ...common, found: null }, previousVersion: null, warnings: [] };
  }
  const warnings = checkSecret(stored, name, config);
  await openBackup(api, name).check();
  const content = contentIn(stored.data);
  const found = {
    uid: stored.metadata.uid,
    digest: contentDigest(content),
    annotations: annotationsOf(stored),
  };
  return { plan: { ...common, found }, previousVersion: factsOfPem(pemOf(content.certificate)), warnings };
}

/** A dry run of both writes. The API server performs authorization, validation and admission, and stores nothing. */
async function validateChange(
  access: Access,
  api: SecretsApi,
  plan: SecretPlan,
  desired: Desired<SecretPlan>,
): Promise<StoreCheck> {
  try {
    await install(access, api, plan, desired, { dryRun: true });
    return { kind: 'accepted' };
  } catch (error) {
    if (isCertferryError(error) && error.name === 'StoreRefused')
      return { kind: 'refused', why: error.message };
    throw error;
  }
}

async function applyChange(
  access: Access,
  api: SecretsApi,
  plan: SecretPlan,
  desired: Desired<SecretPlan>,
): Promise<void> {
  await install(access, api, plan, desired, { dryRun: false });
}

async function install(
  access: Access,
  api: SecretsApi,
  plan: SecretPlan,
  desired: Desired<SecretPlan>,
  options: WriteOptions,
): Promise<void> {
  const name = nameIn(plan);
  const backup = openBackup(api, name);
  const wanted = await wantedContent(api, name, desired);
  const annotations = newAnnotations(plan, wanted);
  await writeUntilDecided(name, async () => {
    const stored = await api.read(name);
    if (isInstalled(stored, plan)) return 'written';
    assertAsPlanned(stored, plan);
    if (stored === null) return await createSecret(api, name, { wanted, annotations }, options);
    checkSecret(stored, name, access.config);
    await backup.keep(plan, contentIn(stored.data), options);
    const { resourceVersion } = stored.metadata;
    return await api.patch(name, { resourceVersion, annotations, data: dataOf(wanted) }, options);
  });
}

function createSecret(
  api: SecretsApi,
  name: SecretName,
  { wanted, annotations }: { readonly wanted: Content; readonly annotations: Record<string, string> },
  options: WriteOptions,
): Promise<Written> {
  const labels = { 'app.kubernetes.io/managed-by': 'certferry' };
  const data = { 'tls.crt': wanted.certificate ?? '', 'tls.key': wanted.key ?? '' };
  return api.create(name, { type: 'kubernetes.io/tls', labels, annotations, data }, options);
}

async function restoreSecret(api: SecretsApi, plan: SecretPlan): Promise<void> {
  const name = nameIn(plan);
  const backup = openBackup(api, name);
  await writeUntilDecided(name, async () => {
    const stored = await api.read(name);
    return plan.found === null
      ? await removeCreated(api, stored, plan)
      : await restoreContent(api, backup, stored, { ...plan, found: plan.found });
  });
  // what remains here is removed by `collect`
  await backup.remove(plan).catch(() => {});
}

/** Removes the Secret that `apply` created, unless another writer has changed or replaced it. */
async function removeCreated(
  api: SecretsApi,
  stored: StoredSecret | null,
  plan: SecretPlan,
): Promise<Written> {
  if (stored === null) return 'written';
  if (!isInstalled(stored, plan)) throw conflict(nameIn(plan), 'another writer changed or created it');
  return await api.remove(nameIn(plan), stored);
}

async function restoreContent(
  api: SecretsApi,
  backup: Backup,
  stored: StoredSecret | null,
  plan: SecretPlan & { readonly found: NonNullable<SecretPlan['found']> },
): Promise<Written> {
  const name = nameIn(plan);
  if (stored === null) throw conflict(name, 'another writer removed it');
  const digest = contentDigest(contentIn(stored.data));
  if (digest === plan.found.digest && !isInstalled(stored, plan)) return 'written';
  if (digest !== plan.installed) throw conflict(name, 'another writer changed its certificate or key');
  const copy = await backup.find(plan);
  if (copy === null || contentDigest(copy) !== plan.found.digest) {
    throw conflict(name, 'the copy of the previous version is no longer in the backup Secret');
  }
  const { resourceVersion } = stored.metadata;
  const patch = { resourceVersion, annotations: plan.found.annotations, data: dataOf(copy) };
  return await api.patch(name, patch, { dryRun: false });
}

async function wantedContent(
  api: SecretsApi,
  name: SecretName,
  desired: Desired<SecretPlan>,
): Promise<Content> {
  if (desired.kind === 'bundle') return contentOf(desired.bundle);
  const { of } = desired;
  if (of.namespace !== name.namespace || of.secret !== name.name) {
    throw irreversible(
      name,
      `the deployment ${of.deploymentId} changed the Secret ${of.secret} in ${of.namespace}`,
    );
  }
  if (of.found === null) {
    throw irreversible(
      name,
      `the deployment ${of.deploymentId} created it. Delete it to return to that state`,
    );
  }
  const copy = await openBackup(api, name).find(of);
  if (copy === null) throw irreversible(name, 'the backup Secret has no copy of it any more');
  return copy;
}

function irreversible({ namespace, name }: SecretName, why: string): CertferryError {
  return new CertferryError(
    'Irreversible',
    `The Secret ${name} in the namespace ${namespace} has no previous version to install: ${why}.`,
    { details: { namespace, secret: name } },
  );
}

function isMissing({ namespace, name }: SecretName): CertferryError {
  return new CertferryError(
    'PlanInvalid',
    `The namespace ${namespace} has no Secret ${name}. Create it, correct the name, or set create: true.`,
    { details: { namespace, secret: name } },
  );
}

const nameIn = ({ namespace, secret }: SecretPlan): SecretName => ({ namespace, name: secret });

function isInstalled(stored: StoredSecret | null, plan: SecretPlan): boolean {
  return (
    stored !== null &&
    stored.metadata.annotations[annotationKeys.deployment] === plan.deploymentId &&
    contentDigest(contentIn(stored.data)) === plan.installed
  );
}

function assertAsPlanned(stored: StoredSecret | null, plan: SecretPlan): void {
  const { found } = plan;
  if (stored === null && found === null) return;
  if (stored === null) throw conflict(nameIn(plan), 'another writer removed it');
  if (found === null) throw conflict(nameIn(plan), 'another writer created it');
  if (stored.metadata.uid !== found.uid) throw conflict(nameIn(plan), 'another writer replaced it');
  if (contentDigest(contentIn(stored.data)) !== found.digest) {
    throw conflict(nameIn(plan), 'another writer changed its certificate or key');
  }
}

function annotationsOf({ metadata: { annotations } }: StoredSecret): Annotations {
  const { target, deployment, fingerprint } = annotationKeys;
  return {
    [target]: annotations[target] ?? null,
    [deployment]: annotations[deployment] ?? null,
    [fingerprint]: annotations[fingerprint] ?? null,
  };
}

function newAnnotations({ targetId, deploymentId }: SecretPlan, wanted: Content): Record<string, string> {
  return {
    [annotationKeys.target]: targetId,
    [annotationKeys.deployment]: deploymentId,
    [annotationKeys.fingerprint]: factsOfPem(pemOf(wanted.certificate))?.fingerprint ?? 'none',
  };
}
