import type { BundleInput } from '../../core/certificate/read-bundle.ts';
import type { CertificateSource, Source, SourceKind } from '../../core/deployment/source.ts';
import type { SourceLabel } from './source-label.ts';

/** The bytes of a version, not yet parsed as a bundle, and the source that pins them. They contain a private key. */
export interface SourceContent {
  readonly source: Source;
  readonly where: SourceLabel;
  readonly input: BundleInput;
}

/** One kind of source without and with a version. Mapped types, because TypeScript follows them for a generic kind. */
export type UnpinnedSource<Kind extends SourceKind> = {
  [Each in SourceKind]: Extract<CertificateSource, { kind: Each }>;
}[Kind];
export type PinnedSource<Kind extends SourceKind> = {
  [Each in SourceKind]: Extract<Source, { kind: Each }>;
}[Kind];

/**
 * Reads versions from one kind of source. Errors of the service pass through: `sources.ts` distinguishes temporary errors. Content
 * that cannot be used is thrown as CertferryError: SourceUnfit, BundleUnreadable, BundleTooLarge.
 */
export interface SourceReader<Kind extends SourceKind> {
  /** Exactly that version. ACM has no versions, so there it is the current one. */
  pinned(source: PinnedSource<Kind>): Promise<SourceContent>;
  latest(source: UnpinnedSource<Kind>): Promise<SourceContent>;
  /** The version before the latest; null if there is none. */
  previous(source: UnpinnedSource<Kind>): Promise<SourceContent | null>;
}

/** One reader for each kind. */
export type SourceReaders = { readonly [Kind in SourceKind]: SourceReader<Kind> };

/** The reader for the kind of a source. */
export function readerOf<Kind extends SourceKind>(
  readers: SourceReaders,
  source: PinnedSource<Kind> | UnpinnedSource<Kind>,
): SourceReader<Kind> {
  return readers[source.kind as Kind];
}
