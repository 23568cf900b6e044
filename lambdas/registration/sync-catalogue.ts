import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import { CertferryError } from '../../core/errors.ts';
import type { Registrations } from '../../core/registry/registrations.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Catalogue, Entry } from '../../services/registry/catalogue.ts';

/** Writes at a time. */
const concurrency = 10;

/** How many certificates and targets were written, because they were new or different, and removed. */
export interface Synced {
  readonly written: number;
  readonly removed: number;
}

/**
 * Brings what the stack has put into the catalogue to `wanted`. What a person put there stays as it is: where the stack
 * names the same id, or no longer names the certificate of a person's target, InvalidRequest is thrown and nothing is
 * changed. `wanted` null: the stack is deleted, which nothing may keep from happening. Called again, or after it was
 * broken off, it does what is still to be done.
 */
export async function syncCatalogue(catalogue: Catalogue, wanted: Registrations | null): Promise<Synced> {
  const [certificates, targets] = await Promise.all([catalogue.certificates(), catalogue.targets()]);
  const ofCertificates = plan(certificates, wanted?.certificates ?? [], ({ name }) => name);
  const ofTargets = plan(targets, wanted?.targets ?? [], ({ id }) => id);
  refuseForeign([
    ...ofCertificates.foreign.map((name) => `certificate ${name}`),
    ...ofTargets.foreign.map((id) => `target ${id}`),
  ]);
  if (wanted !== null) refuseOrphans(ofCertificates.remove, targets);
  // a target never stands there without its certificate: those come first and go last
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
  /** Wanted ones that a person has registered. */
  readonly foreign: readonly string[];
}

function plan<Thing>(
  entries: readonly Entry<Thing>[],
  wanted: readonly Thing[],
  nameOf: (thing: Thing) => string,
): Plan<Thing> {
  const there = new Map(entries.map((entry) => [nameOf(entry.thing), entry]));
  const names = new Set(wanted.map(nameOf));
  return {
    write: wanted.filter((thing) => !isDeepStrictEqual(there.get(nameOf(thing))?.thing, thing)),
    remove: entries
      .filter(({ origin, thing }) => origin === 'stack' && !names.has(nameOf(thing)))
      .map(({ thing }) => nameOf(thing)),
    foreign: [...names].filter((name) => there.get(name)?.origin === 'cli'),
  };
}

function refuseForeign(foreign: readonly string[]): void {
  if (foreign.length === 0) return;
  throw new CertferryError(
    'InvalidRequest',
    `the stack names what was registered from the command line: ${foreign.join(', ')}. Take it out of the stack, or remove it there (certferry targets remove), and deploy again; nothing was changed.`,
    { details: { foreign } },
  );
}

/** The command line refuses the same: nothing would reach these targets any more, and nobody would be told. */
function refuseOrphans(removed: readonly string[], targets: readonly Entry<RegisteredTarget>[]): void {
  const orphans = targets
    .filter(({ thing, origin }) => origin === 'cli' && removed.includes(thing.certificate))
    .map(({ thing }) => `${thing.id} (${thing.certificate})`);
  if (orphans.length === 0) return;
  const shown = orphans.slice(0, orphansShown).join(', ');
  throw new CertferryError(
    'InvalidRequest',
    `the stack no longer names the certificate of targets that were registered from the command line: ${shown}${orphans.length > orphansShown ? ', …' : ''}. Remove them (certferry targets remove), give them another certificate, or keep this one, and deploy again; nothing was changed.`,
    { details: { orphans: orphans.length } },
  );
}

/** The reason of a failure has to fit into what CloudFormation takes. */
const orphansShown = 10;

async function each<Thing>(things: readonly Thing[], act: (thing: Thing) => Promise<void>): Promise<void> {
  await pLimit(concurrency).map(things, act);
}
