import type { Certificate } from '../../core/registry/certificate.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import { expectLocal, type Permitted } from './expect-local.ts';

/** Registrations written at once. */
const maximumWrites = 16;

/**
 * Registers a certificate with exactly these targets; other targets of the certificate are removed. Throws InvalidTarget,
 * before anything is written, if a target selects its hosts by tags or Auto Scaling group, or needs
 * AWS credentials that are not permitted.
 */
export async function registerCertificate(
  { catalogue, permitted }: { readonly catalogue: Catalogue; readonly permitted: Permitted },
  certificate: Certificate,
  targets: readonly RegisteredTarget[],
): Promise<void> {
  for (const target of targets) expectLocal(target, permitted);
  const ids = new Set(targets.map(({ id }) => id));
  const registered = (await catalogue.targets(certificate.name)).map(({ thing }) => thing.id);
  // local mode reads no source: each rollout brings the bytes
  const { source: _, ...withoutSource } = certificate;
  await catalogue.putCertificate(withoutSource, 'cli');
  for (const id of registered.filter((one) => !ids.has(one))) await catalogue.removeTarget(id);
  await putAll(catalogue, targets);
}

/**
 * Registers targets. Other targets of the same certificate stay registered, because a deployment may name only some of them.
 * Throws InvalidTarget as {@link registerCertificate} does.
 */
export async function registerTargets(
  catalogue: Pick<Catalogue, 'putTarget'>,
  targets: readonly RegisteredTarget[],
  permitted: Permitted,
): Promise<void> {
  for (const target of targets) expectLocal(target, permitted);
  await putAll(catalogue, targets);
}

async function putAll(
  catalogue: Pick<Catalogue, 'putTarget'>,
  targets: readonly RegisteredTarget[],
): Promise<void> {
  for (let at = 0; at < targets.length; at += maximumWrites) {
    const chunk = targets.slice(at, at + maximumWrites);
    await Promise.all(chunk.map((target) => catalogue.putTarget(target, 'cli')));
  }
}
