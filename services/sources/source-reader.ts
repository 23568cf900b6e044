import type { BundleInput } from '../../core/certificate/read-bundle.ts';
import type { CertificateSource, Source, SourceKind } from '../../core/deployment/source.ts';
import type { SourceLabel } from './content.ts';

/** A version's bytes, not yet read as a bundle, and the source that pins them. They hold a private key. */
export interface SourceContent {
  readonly source: Source;
  readonly where: SourceLabel;
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
export interface SourceReader<Kind extends SourceKind> {
  /** That version and no other; of ACM, which has none, what it has now. */
  pinned(source: Pinned<Kind>): Promise<SourceContent>;
  latest(source: Unpinned<Kind>): Promise<SourceContent>;
  /** The version before the one it has now; null when there is none. */
  previous(source: Unpinned<Kind>): Promise<SourceContent | null>;
}

/** One place for each kind. */
export type SourceReaders = { readonly [Kind in SourceKind]: SourceReader<Kind> };

/** The place that a source names; its methods take that source. */
export function readerOf<Kind extends SourceKind>(
  readers: SourceReaders,
  source: Pinned<Kind> | Unpinned<Kind>,
): SourceReader<Kind> {
  return readers[source.kind as Kind];
}
