import type { BundleInput } from '../../core/certificate/read-bundle.ts';
import type { CertificateSource, Source, SourceKind } from '../../core/deployment/source.ts';
import type { Whereabouts } from './content.ts';

/** A version's bytes, not yet read as a bundle, and the source that pins them. They hold a private key. */
export interface Found {
  readonly source: Source;
  readonly where: Whereabouts;
  readonly input: BundleInput;
}

/** One kind of source without, and with, a version; by way of maps, which TypeScript follows for a kind it does not know. */
export type Unpinned<Kind extends SourceKind> = {
  [Each in SourceKind]: Extract<CertificateSource, { kind: Each }>;
}[Kind];
export type Pinned<Kind extends SourceKind> = { [Each in SourceKind]: Extract<Source, { kind: Each }> }[Kind];

/**
 * One kind of place that versions come from. What its service throws goes through: `sources.ts` tells what may pass from
 * what may not. What is found and cannot be used is thrown as CertferryError: SourceUnfit, BundleUnreadable,
 * BundleTooLarge.
 */
export interface Place<Kind extends SourceKind> {
  /** That version and no other; of ACM, which has none, what it has now. */
  pinned(source: Pinned<Kind>): Promise<Found>;
  latest(source: Unpinned<Kind>): Promise<Found>;
  /** The version before the one it has now; null when there is none. */
  previous(source: Unpinned<Kind>): Promise<Found | null>;
}

/** One place for each kind. */
export type Places = { readonly [Kind in SourceKind]: Place<Kind> };

/** The place that a source names; its methods take that source. */
export function placeOf<Kind extends SourceKind>(
  places: Places,
  source: Pinned<Kind> | Unpinned<Kind>,
): Place<Kind> {
  return places[source.kind as Kind];
}
