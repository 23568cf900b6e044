import { GetObjectCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { CertferryError } from '../../core/errors.ts';
import { bundleInputOf, maximumContentBytes, tooLarge } from './content.ts';
import { labelOf } from './source-label.ts';
import type { SourceContent, SourceReader, UnpinnedSource } from './source-reader.ts';

/** S3's version id for objects written while versioning was off: the next such write replaces the object. */
const unversioned = 'null';

/**
 * One object, with the versions of its bucket. Without versioning, the bytes could change during a rollout, so such a bucket is
 * refused.
 */
export function s3Reader(client: S3Client): SourceReader<'s3'> {
  return {
    pinned: (source) => findObject(client, source, source.versionId),
    latest: (source) => findObject(client, source, undefined),
    async previous(source) {
      const versionId = await previousVersionId(client, source);
      return versionId === null ? null : findObject(client, source, versionId);
    },
  };
}

async function findObject(
  client: S3Client,
  { kind, bucket, key }: UnpinnedSource<'s3'>,
  requested: string | undefined,
): Promise<SourceContent> {
  const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: requested }));
  const versionId = requested ?? answer.VersionId;
  if (versionId === undefined || versionId === unversioned) throw notVersioned({ kind, bucket, key });
  const source = { kind, bucket, key, versionId };
  const where = labelOf(source);
  if ((answer.ContentLength ?? 0) > maximumContentBytes) {
    await answer.Body?.transformToWebStream().cancel();
    throw tooLarge(answer.ContentLength ?? 0, where);
  }
  const content = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
  return { source, where, input: bundleInputOf(content, where) };
}

/** Versions are sorted newest first. Other keys may have the same prefix, but the key itself sorts first. */
async function previousVersionId(
  client: S3Client,
  { bucket, key }: UnpinnedSource<'s3'>,
): Promise<string | null> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
  const before = Versions.find((each) => each.Key === key && each.IsLatest !== true);
  return before?.VersionId === undefined || before.VersionId === unversioned ? null : before.VersionId;
}

function notVersioned(source: UnpinnedSource<'s3'>): CertferryError {
  const { name, details } = labelOf(source);
  const message = `${name} has no version id: versioning is not enabled on its bucket. Enable versioning ("aws s3api put-bucket-versioning") and write the object again.`;
  return new CertferryError('SourceUnfit', message, { details });
}
