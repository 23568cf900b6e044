import { CertferryError } from '../../core/errors.ts';
import type { Certificate } from '../../core/registry/certificate.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';

/** Registrations written at a time. */
const atOnce = 16;

/**
 * Makes the registry of the state folder say what a rollout was asked for: the certificate, and these as all of its
 * targets (others of the certificate are removed). Throws InvalidTarget, before anything is written, for a target whose
 * hosts local mode cannot find.
 */
export async function register(
  catalogue: Catalogue,
  certificate: Certificate,
  targets: readonly RegisteredTarget[],
): Promise<void> {
  for (const target of targets) expectOneHost(target);
  const wanted = new Set(targets.map(({ id }) => id));
  const known = (await catalogue.targets(certificate.name)).map(({ thing }) => thing.id);
  // the bytes are given with each rollout: nobody is to look for them elsewhere
  const { source: _, ...withoutSource } = certificate;
  await catalogue.putCertificate(withoutSource, 'cli');
  for (const id of known.filter((one) => !wanted.has(one))) await catalogue.removeTarget(id);
  await putAll(catalogue, targets);
}

/**
 * Makes the registry know these beside what it knows, each as it is here: whoever deploys to a part of a certificate's
 * targets says nothing of the others. Throws InvalidTarget as {@link register} does.
 */
export async function registerBeside(
  catalogue: Pick<Catalogue, 'putTarget'>,
  targets: readonly RegisteredTarget[],
): Promise<void> {
  for (const target of targets) expectOneHost(target);
  await putAll(catalogue, targets);
}

async function putAll(
  catalogue: Pick<Catalogue, 'putTarget'>,
  targets: readonly RegisteredTarget[],
): Promise<void> {
  for (let at = 0; at < targets.length; at += atOnce) {
    await Promise.all(targets.slice(at, at + atOnce).map((target) => catalogue.putTarget(target, 'cli')));
  }
}

function expectOneHost({ id, host }: RegisteredTarget): void {
  if (typeof host === 'string') return;
  throw new CertferryError(
    'InvalidTarget',
    `target ${id} is on hosts found by ${'tags' in host ? 'tags' : 'an Auto Scaling group'}, and this machine has neither: name its host local or local-<name>, or roll out with --stack`,
    { details: { targetId: id } },
  );
}
