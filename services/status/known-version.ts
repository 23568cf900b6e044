import type { KnownVersion } from '../../core/drift/finding.ts';
import type { InstalledVersion } from '../registry/installed-versions.ts';

/** The version on a target as the sweep compares it; null before the first deployment. */
export function knownVersion(installed: InstalledVersion | null): KnownVersion | null {
  if (installed === null) return null;
  const { fingerprint, notAfter } = installed;
  return { fingerprint, notAfter, version: installedFacts(installed) };
}

/** The facts of the installed version; null when unknown, or when they belong to another version. */
export function installedFacts(installed: InstalledVersion | null) {
  const version = installed?.version ?? null;
  return version?.fingerprint === installed?.fingerprint ? version : null;
}
