import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import { CertferryError } from '../../core/errors.ts';
import type { Registrations } from '../../core/registry/registrations.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Catalogue, Entry } from '../../services/registry/catalogue.ts';

/** Concurrent writes. */
const concurrency = 10;

/** Certificates and targets that were written (new or changed) and removed. */
export interface SyncCounts {
  readonly written: number;
  readonly removed: number;
}

/**
 * Makes the entries of the stack in the catalogue equal to `desired`. Entries from the command line stay unchanged. It throws
 * InvalidRequest and changes nothing if the stack names such an entry, or no longer names the certificate of a target from
 * the command line. `desired` null: the stack is deleted, which must always succeed. A repeated call, also after an
 * interruption, completes what is missing.
 */
export async function syncCatalogue(
  catalogue: Catalogue,
  desired: Registrations | null,
): Promise<SyncCounts> {
  const [certificates, targets] = await Promise.all([catalogue.certificates(), catalogue.targets()]);
  const ofCertificates = plan(certificates, desired?.certificates ?? [], ({ name }) => name);
  const ofTargets = plan(targets, desired?.targets ?? [], ({ id }) => id);
  refuseForeign([
    ...ofCertificates.foreign.map((name) => `certificate ${name}`),
    ...ofTargets.foreign.map((id) => `target ${id}`),
  ]);
  if (desired !== null) refuseOrphans(ofCertificates.remove, targets);
  // a target is never registered without its certificate: certificates are written first and removed last
  await each(ofCertificates.write, (certificate) => catalogue.putCertificate(certificate, 'stack'));
  await each(ofTargets.write, (target) => catalogue.putTarget(target, 'stack'));
  await each(ofTargets.remove, (id) => catalogue.removeTarget(id));
  await each(ofCertificates.remove, (name) => catalogue.removeCertificate(name));
  return {
    written: ofCertificates.write.length + ofTargets.write.length,
    removed: ofCertificates.remove.length + ofTargets.remove.length,
  };
}

interface Plan<Thing> {
  readonly write: readonly Thing[];
  readonly remove: readonly string[];
  /** Desired entries that were registered from the command line. */
  readonly foreign: readonly string[];
}

function plan<Thing>(
  entries: readonly Entry<Thing>[],
  desired: readonly Thing[],
  nameOf: (thing: Thing) => string,
): Plan<Thing> {
  const registered = new Map(entries.map((entry) => [nameOf(entry.thing), entry]));
  const names = new Set(desired.map(nameOf));
  return {
    write: desired.filter((thing) => !isDeepStrictEqual(registered.get(nameOf(thing))?.thing, thing)),
    remove: entries
      .filter(({ origin, thing }) => origin === 'stack' && !names.has(nameOf(thing)))
      .map(({ thing }) => nameOf(thing)),
    foreign: [...names].filter((name) => registered.get(name)?.origin === 'cli'),
  };
}

function refuseForeign(foreign: readonly string[]): void {
  if (foreign.length === 0) return;
  throw new CertferryError(
    'InvalidRequest',
    `the stack names entries that were registered from the command line: ${foreign.join(', ')}. Nothing was changed. Remove them from the stack, or from the registry with "certferry targets remove", and deploy again.`,
    { details: { foreign } },
  );
}

/** The command line applies the same rule: a target without its certificate would get no more deployments. */
function refuseOrphans(removed: readonly string[], targets: readonly Entry<RegisteredTarget>[]): void {
  const orphans = targets
    .filter(({ thing, origin }) => origin === 'cli' && removed.includes(thing.certificate))
    .map(({ thing }) => `${thing.id} (${thing.certificate})`);
  if (orphans.length === 0) return;
  const shown = orphans.slice(0, orphansShown).join(', ');
  throw new CertferryError(
    'InvalidRequest',
    `the stack no longer names the certificate of targets that were registered from the command line: ${shown}${orphans.length > orphansShown ? ', …' : ''}. Nothing was changed. Keep the certificate, or remove the targets with "certferry targets remove", and deploy again.`,
    { details: { orphans: orphans.length } },
  );
}

/** The reason of a failure must fit into a response to CloudFormation. */
const orphansShown = 10;

async function each<Thing>(things: readonly Thing[], act: (thing: Thing) => Promise<void>): Promise<void> {
  await pLimit(concurrency).map(things, act);
}
