import { shortFingerprint } from '../../../core/certificate/describe.ts';
import { CertferryError } from '../../../core/errors.ts';
import type { Certificates, Import, StoredCertificate, Tags } from './certificates.ts';
import { factsOfStored, isSame } from './compare-certificates.ts';
import { pause, UnclearRequest } from './repeat-request.ts';

/** Milliseconds between reads until ACM returns an imported certificate: two minutes in all. */
const readBackWaits = [200, 400, 800, 1600, 3000, ...Array.from({ length: 23 }, () => 5000)];

/** Milliseconds after which an import whose answer was lost is looked up. */
const lookUpWaits = [500, 1500, 3000, 5000];

/**
 * Imports under an ARN that exists, and returns when ACM returns the new certificate. An import whose answer was lost is
 * sent again, because it is the same.
 * @throws CertferryError StoreConflict if ACM returns neither the new certificate nor `before`
 */
export async function replaceCertificate(
  certificates: Certificates,
  {
    arn,
    content,
    before,
  }: { readonly arn: string; readonly content: Import; readonly before: StoredCertificate },
): Promise<void> {
  for (const wait of [...lookUpWaits, null]) {
    try {
      await certificates.replace(arn, content);
      return await readBack(certificates, { arn, content, before });
    } catch (error) {
      if (!(error instanceof UnclearRequest)) throw error;
      if (wait === null) throw error.error;
      await pauseFor(wait, certificates, 'ImportCertificate', arn);
    }
    if (await isInstalled(certificates, { arn, content, before })) return;
  }
}

/**
 * Imports a new certificate, and returns its ARN when ACM returns it. An import whose answer was lost is looked up by its tags:
 * a second request would create a second certificate.
 */
export async function importFirst(
  certificates: Certificates,
  { content, tags }: { readonly content: Import; readonly tags: Tags },
): Promise<string> {
  try {
    const arn = await certificates.create(content, tags);
    await readBack(certificates, { arn, content, before: null });
    return arn;
  } catch (error) {
    if (!(error instanceof UnclearRequest)) throw error;
    for (const wait of lookUpWaits) {
      await pauseFor(wait, certificates, 'ListCertificates', 'a new certificate');
      const [arn] = await certificates.tagged(tags);
      if (arn !== undefined) return arn;
    }
    throw error.error;
  }
}

interface Awaited {
  readonly arn: string;
  readonly content: StoredCertificate;
  readonly before: StoredCertificate | null;
}

/** An import may take a while until GetCertificate returns it. */
async function readBack(certificates: Certificates, awaited: Awaited): Promise<void> {
  for (const wait of readBackWaits) {
    if (await isInstalled(certificates, awaited)) return;
    await pauseFor(wait, certificates, 'GetCertificate', awaited.arn);
  }
  throw new CertferryError(
    'StoreUnreachable',
    `ACM accepted the import under ${awaited.arn}, but still returns the previous certificate. Deploy again.`,
    { details: { arn: awaited.arn } },
  );
}

async function isInstalled(certificates: Certificates, { arn, content, before }: Awaited): Promise<boolean> {
  const stored = await certificates.read(arn);
  if (stored === null) return false;
  if (isSame(stored, content)) return true;
  if (before === null || !isSame(stored, before)) throw conflict(arn, stored);
  return false;
}

async function pauseFor(wait: number, by: Certificates, action: string, of: string): Promise<void> {
  const { region, deadline, sleep } = by;
  await pause(wait, { request: { action, of, region }, deadline, sleep });
}

/** Another program has imported something else since the plan. */
export function conflict(arn: string, stored: StoredCertificate): CertferryError {
  const found = factsOfStored(stored)?.fingerprint ?? null;
  const shown = found === null ? 'another certificate' : shortFingerprint(found);
  return new CertferryError(
    'StoreConflict',
    `Another program has imported ${shown} under ${arn} during this deployment. certferry did not overwrite it. Find the other program, and deploy again.`,
    { details: { arn, found } },
  );
}
