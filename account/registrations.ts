import { isDeepStrictEqual } from 'node:util';
import { CertferryError } from '../core/errors.ts';
import type { TargetsFile } from '../core/registry/targets-file.ts';
import type { Catalogue, Entry, Origin } from '../services/registry/catalogue.ts';

/** What applying a targets file does to one thing. `stack`: the stack's own code put it there, and it is left alone. */
export interface Change {
  readonly kind: 'certificate' | 'target';
  readonly id: string;
  readonly what: 'add' | 'change' | 'same' | 'stack';
}

/** Something that is registered. */
export interface Registration {
  readonly kind: 'certificate' | 'target';
  readonly id: string;
  readonly origin: Origin;
  readonly thing: Entry<unknown>['thing'];
}

/** Certificates, then targets, in the order of their names. */
export async function registrations(catalogue: Catalogue): Promise<Registration[]> {
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
 * Registers what a file has; what the file does not have stays. Certificates come first, so that no target is there
 * before its certificate. Applying it twice changes nothing the second time. With `dryRun` it only says what it would do.
 */
export async function apply(
  catalogue: Catalogue,
  { certificates, targets }: TargetsFile,
  { dryRun }: { readonly dryRun: boolean },
): Promise<Change[]> {
  const known = new Map((await registrations(catalogue)).map((one) => [`${one.kind} ${one.id}`, one]));
  const changes: Change[] = [];
  const register = async (kind: Change['kind'], id: string, thing: unknown, put: () => Promise<void>) => {
    const what = changeOf(known.get(`${kind} ${id}`), thing);
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

function changeOf(known: Registration | undefined, thing: unknown): Change['what'] {
  if (known === undefined) return 'add';
  if (known.origin === 'stack') return 'stack';
  return isDeepStrictEqual(known.thing, thing) ? 'same' : 'change';
}

/** Nothing on any host changes: what is installed there stays. Throws NoTargets when it is not there, or the stack's. */
export async function removeTarget(catalogue: Catalogue, id: string): Promise<void> {
  requireOurs(await catalogue.target(id), 'NoTargets', `target ${id}`);
  await catalogue.removeTarget(id);
}

/** Throws UnknownCertificate when it is not there or the stack's, InvalidRequest while targets have it. */
export async function removeCertificate(catalogue: Catalogue, name: string): Promise<void> {
  requireOurs(await catalogue.certificate(name), 'UnknownCertificate', `certificate ${name}`);
  const users = (await catalogue.targets(name)).map(({ thing }) => thing.id);
  if (users.length > 0) {
    throw new CertferryError(
      'InvalidRequest',
      `certificate ${name} is that of ${users.join(', ')}: remove them first, or give them another one`,
    );
  }
  await catalogue.removeCertificate(name);
}

function requireOurs(entry: Entry<unknown> | null, name: 'NoTargets' | 'UnknownCertificate', what: string) {
  if (entry === null) {
    throw new CertferryError(name, `there is no ${what}: "certferry targets list" has what there is`);
  }
  if (entry.origin === 'stack') {
    throw new CertferryError(
      name,
      `${what} belongs to the stack: take it out of its code and deploy the stack`,
    );
  }
}
