import { isDeepStrictEqual } from 'node:util';
import { CertferryError } from '../../core/errors.ts';
import type { TargetsFile } from '../../core/registry/targets-file.ts';
import type { Catalogue, Entry, Origin } from './catalogue.ts';

/**
 * How a targets file changes one registration. `stack`: the CDK code of the stack registered it, so the command line does not
 * change it.
 */
export interface Change {
  readonly kind: 'certificate' | 'target';
  readonly id: string;
  readonly what: 'add' | 'change' | 'same' | 'stack';
}

/** A registered certificate or target. */
export interface Registration {
  readonly kind: 'certificate' | 'target';
  readonly id: string;
  readonly origin: Origin;
  readonly thing: Entry<unknown>['thing'];
}

/** Certificates, then targets, in the order of their names. */
export async function listRegistrations(catalogue: Catalogue): Promise<Registration[]> {
  const [certificates, targets] = await Promise.all([catalogue.certificates(), catalogue.targets()]);
  return [
    ...certificates.map(({ thing, origin }) => ({
      kind: 'certificate' as const,
      id: thing.name,
      origin,
      thing,
    })),
    ...targets.map(({ thing, origin }) => ({ kind: 'target' as const, id: thing.id, origin, thing })),
  ];
}

/**
 * Registers the content of a targets file; other registrations stay. Certificates are written first, so that each target has
 * its certificate. A second call with the same file changes nothing. With `dryRun` nothing is written.
 */
export async function applyFile(
  catalogue: Catalogue,
  { certificates, targets }: TargetsFile,
  { dryRun }: { readonly dryRun: boolean },
): Promise<Change[]> {
  const registered = new Map(
    (await listRegistrations(catalogue)).map((one) => [`${one.kind} ${one.id}`, one]),
  );
  const changes: Change[] = [];
  const register = async (kind: Change['kind'], id: string, thing: unknown, put: () => Promise<void>) => {
    const what = changeOf(registered.get(`${kind} ${id}`), thing);
    changes.push({ kind, id, what });
    if (!dryRun && (what === 'add' || what === 'change')) await put();
  };
  for (const one of certificates) {
    await register('certificate', one.name, one, () => catalogue.putCertificate(one, 'cli'));
  }
  for (const one of targets) {
    await register('target', one.id, one, () => catalogue.putTarget(one, 'cli'));
  }
  return changes;
}

function changeOf(registered: Registration | undefined, thing: unknown): Change['what'] {
  if (registered === undefined) return 'add';
  if (registered.origin === 'stack') return 'stack';
  return isDeepStrictEqual(registered.thing, thing) ? 'same' : 'change';
}

/** Files on hosts stay as they are. Throws NoTargets if the target is not registered, or the stack registered it. */
export async function removeTarget(catalogue: Catalogue, id: string): Promise<void> {
  requireRemovable(await catalogue.target(id), 'NoTargets', `target ${id}`);
  await catalogue.removeTarget(id);
}

/**
 * Throws UnknownCertificate if the certificate is not registered, or the stack registered it; throws InvalidRequest while
 * targets use it.
 */
export async function removeCertificate(catalogue: Catalogue, name: string): Promise<void> {
  requireRemovable(await catalogue.certificate(name), 'UnknownCertificate', `certificate ${name}`);
  const users = (await catalogue.targets(name)).map(({ thing }) => thing.id);
  if (users.length > 0) {
    throw new CertferryError(
      'InvalidRequest',
      `the targets ${users.join(', ')} use the certificate ${name}. Remove them first, or give them another certificate.`,
    );
  }
  await catalogue.removeCertificate(name);
}

function requireRemovable(
  entry: Entry<unknown> | null,
  error: 'NoTargets' | 'UnknownCertificate',
  what: string,
) {
  if (entry === null) {
    throw new CertferryError(
      error,
      `${what} is not registered. "certferry targets list" lists registrations.`,
    );
  }
  if (entry.origin === 'stack') {
    throw new CertferryError(
      error,
      `the code of the stack registers ${what}. Remove it from that code and deploy the stack.`,
    );
  }
}
