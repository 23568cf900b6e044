import { X509Certificate } from 'node:crypto';
import { shortFingerprint } from '../../../core/certificate/describe.ts';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import type { Desired, PlannedStoreChange, Store, StoreAccess, StoreCheck } from '../store.ts';
import type { Certificates, StoredCertificate } from './certificates.ts';
import { isSame, issuersOf } from './compare-certificates.ts';
import { deploymentTag, findCertificate, type InstalledCertificate, targetTags } from './find-certificate.ts';
import { conflict, importFirst, replaceCertificate } from './import-certificate.ts';
import { importProblems, importWarnings, keyTypeOf } from './import-rules.ts';
import type { AcmPlan } from './plan.ts';
import { findPreviousVersion, whyIrreversible } from './previous-version.ts';
import { pause } from './repeat-request.ts';

interface Context {
  readonly access: StoreAccess<'acm'>;
  readonly certificates: Certificates;
}

/** The store of one target. `StoreConnector` has the rules of each method. */
export function createAcmStore(access: StoreAccess<'acm'>, certificates: Certificates): Store<AcmPlan> {
  const by: Context = { access, certificates };
  return {
    async observe() {
      const installed = await findCertificate(access, certificates);
      return {
        version: installed?.version ?? null,
        matches: (bundle) => installed !== null && isSame(installed, bundle),
      };
    },
    plan: (desired) => planChange(by, desired),
    validate: (plan, desired) => validate(by, plan, desired),
    apply: (plan, desired) => apply(by, plan, desired),
    restore: (plan) => (plan.arn === null ? removeFirstImport(by, plan) : restoreUnder(plan.arn, by, plan)),
    // ACM has one version of a certificate, and the functions remove the kept copies of keys
    collect: async () => undefined,
    repair: repairCommands,
    close: async () => undefined,
  };
}

async function planChange(
  { access, certificates }: Context,
  desired: Desired<AcmPlan>,
): Promise<PlannedStoreChange<AcmPlan>> {
  const { config, deploymentId, previous: bundles } = access;
  const installed = await findCertificate(access, certificates);
  if (installed !== null) await requireImported(installed.arn, certificates);
  const bundle = await bundleOf(desired, access);
  const next = factsOfPem([bundle.leaf, ...bundle.chain].join(''));
  if (next === null)
    throw invalid(nameOf(access), 'certferry does not support the key type of the new leaf.');
  const { region } = certificates;
  const previous = previousOf(installed);
  const plan = { arn: installed?.arn ?? null, region, deploymentId, previous, next };
  const why = await whyIrreversible(plan, bundle, bundles);
  if (why !== null && !config.allowIrreversible) throw irreversible(nameOf(access), why);
  const warnings = [
    ...importWarnings(bundle),
    ...(why === null ? [] : [`This deployment cannot be rolled back: ${why}`]),
    ...arnWarnings(access, installed, region),
  ];
  return { plan, previousVersion: installed?.version ?? null, warnings };
}

function previousOf(installed: InstalledCertificate | null): AcmPlan['previous'] {
  if (installed === null) return null;
  const { arn, leaf, version } = installed;
  if (version === null) throw invalid(arn, 'certferry does not support the key type of its leaf.');
  return { leaf, chain: issuersOf(installed), version };
}

async function requireImported(arn: string, certificates: Certificates): Promise<void> {
  const { type } = await certificates.describe(arn);
  if (type === 'IMPORTED') return;
  throw invalid(
    arn,
    `Its type is ${type}, so ACM or its private CA manages the key. Import a certificate, and set certificateArn to its ARN.`,
  );
}

/** With `name`, the ARN is known only after the first import, so the next deployment reports it. */
function arnWarnings(
  { config, targetId }: StoreAccess<'acm'>,
  installed: InstalledCertificate | null,
  region: string,
): string[] {
  if (config.certificateArn !== undefined) return [];
  if (installed !== null) {
    return [
      `The ARN of this target is ${installed.arn}. Set certificateArn to it, so that no tags are searched.`,
    ];
  }
  return [
    `No certificate of region ${region} has the tag certferry-target=${targetId}, so this deployment imports a new one. Configure its ARN in your listeners.`,
  ];
}

async function bundleOf(desired: Desired<AcmPlan>, access: StoreAccess<'acm'>): Promise<Bundle> {
  if (desired.kind === 'bundle') return desired.bundle;
  const found = await findPreviousVersion(desired.of, access.previous);
  if ('bundle' in found) return found.bundle;
  throw new CertferryError(
    'Irreversible',
    `The previous version of ACM certificate ${nameOf(access)} cannot be imported again: ${found.missing}. Nothing was changed. Deploy a version whose key you have.`,
  );
}

/** All that ACM would refuse, as far as it can be determined without an import. */
async function problemsOf(
  { certificates }: Context,
  { arn, previous }: AcmPlan,
  bundle: Bundle,
): Promise<string[]> {
  const current = previous === null ? null : new X509Certificate(previous.leaf);
  const problems = importProblems(bundle, current, new Date());
  if (arn === null || problems.length > 0) return problems;
  const { keyType } = await certificates.describe(arn);
  const own = keyTypeOf(new X509Certificate(bundle.leaf));
  return own === keyType ? [] : [`The key is ${own}, but ACM describes ${arn} as ${keyType}.`];
}

async function validate(by: Context, plan: AcmPlan, desired: Desired<AcmPlan>): Promise<StoreCheck> {
  const problems = await problemsOf(by, plan, await bundleOf(desired, by.access));
  if (problems.length > 0) return { kind: 'refused', why: problems.join(' ') };
  return {
    kind: 'unsupported',
    why: 'ACM has no check without an import. certferry compared size, validity, key type and key usages with the imported certificate. It could not check the permission acm:ImportCertificate and the quotas.',
  };
}

async function apply(by: Context, plan: AcmPlan, desired: Desired<AcmPlan>): Promise<void> {
  const { access, certificates } = by;
  const bundle = await bundleOf(desired, access);
  const installed = await findCertificate(access, certificates);
  if (installed !== null && isSame(installed, bundle)) return;
  if (installed !== null && !isPrevious(installed, plan)) throw conflict(installed.arn, installed);
  const problems = await problemsOf(by, plan, bundle);
  if (problems.length > 0) {
    const text = `ACM would refuse this import under ${nameOf(access)}. ${problems.join(' ')}`;
    throw new CertferryError('StoreRefused', text, { details: { problems } });
  }
  if (installed !== null) {
    await replaceCertificate(certificates, { arn: installed.arn, content: bundle, before: installed });
    return;
  }
  const { config, deploymentId, targetId } = access;
  const own = { ...targetTags({ targetId }), ...deploymentTag(deploymentId) };
  await importFirst(certificates, {
    content: bundle,
    tags: { ...config.tags, Name: `${config.name}`, ...own },
  });
}

function isPrevious(installed: StoredCertificate, { previous }: AcmPlan): boolean {
  return previous !== null && isSame(installed, previous);
}

/** Milliseconds after which a restore reads again, because an import whose answer was lost may appear late. */
const settleWaits = [500, 1500, 3000];

async function restoreUnder(arn: string, by: Context, plan: AcmPlan): Promise<void> {
  for (const wait of [...settleWaits, null]) {
    const stored = await by.certificates.read(arn);
    if (stored === null) throw notRestored(plan, 'The certificate was deleted.');
    if (!isPrevious(stored, plan)) {
      await importPrevious(arn, by, { plan, stored });
      return;
    }
    if (wait !== null) await settle(wait, by, { action: 'GetCertificate', of: arn });
  }
}

async function importPrevious(
  arn: string,
  { access, certificates }: Context,
  { plan, stored }: { readonly plan: AcmPlan; readonly stored: StoredCertificate },
): Promise<void> {
  if (factsOfPem(stored.leaf)?.fingerprint !== plan.next.fingerprint) throw conflict(arn, stored);
  const found = await findPreviousVersion(plan, access.previous);
  if ('missing' in found) throw notRestored(plan, sentence(found.missing));
  await replaceCertificate(certificates, { arn, content: found.bundle, before: stored });
}

async function removeFirstImport(by: Context, { deploymentId }: AcmPlan): Promise<void> {
  const tags = { ...targetTags(by.access), ...deploymentTag(deploymentId) };
  for (const wait of [...settleWaits, null]) {
    const arns = await by.certificates.tagged(tags);
    for (const arn of arns) await by.certificates.remove(arn);
    if (arns.length > 0) return;
    if (wait !== null) await settle(wait, by, { action: 'ListCertificates', of: 'the first import' });
  }
}

async function settle(
  wait: number,
  { certificates: { region, deadline, sleep } }: Context,
  request: { readonly action: string; readonly of: string },
): Promise<void> {
  await pause(wait, { request: { ...request, region }, deadline, sleep });
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The ARN, or the name of a first import. */
function nameOf({ config }: StoreAccess<'acm'>): string {
  return config.certificateArn ?? `"${config.name}"`;
}

function invalid(name: string, why: string): CertferryError {
  return new CertferryError('PlanInvalid', `ACM certificate ${name} cannot be replaced. ${why}`, {
    details: { certificate: name },
  });
}

function irreversible(name: string, why: string): CertferryError {
  return new CertferryError(
    'Irreversible',
    `A rollback of ACM certificate ${name} would fail: ${why}. Nothing was changed. To deploy without a possible rollback, set allowIrreversible: true.`,
    { details: { certificate: name } },
  );
}

/** `Irreversible`: no later attempt can restore the version, so the agent closes its journal. */
function notRestored({ arn, previous }: AcmPlan, why: string): CertferryError {
  const version = previous === null ? 'the previous version' : shortFingerprint(previous.version.fingerprint);
  return new CertferryError(
    'Irreversible',
    `ACM cannot have ${version} again under ${arn}. ${why} Import a version whose key you have.`,
    { details: { arn } },
  );
}

function repairCommands({ arn, region, deploymentId, previous }: AcmPlan): string[] {
  if (arn === null || previous === null) {
    return [
      `aws resourcegroupstaggingapi get-resources --region ${region} --tag-filters Key=certferry-deployment,Values=${deploymentId} # the certificate to delete`,
    ];
  }
  return [
    `# write leaf, key and chain of ${previous.version.fingerprint} from its source to leaf.pem, key.pem and chain.pem`,
    `aws acm import-certificate --region ${region} --certificate-arn ${arn} --certificate fileb://leaf.pem --private-key fileb://key.pem --certificate-chain fileb://chain.pem`,
  ];
}
