import { randomBytes } from 'node:crypto';
import { type ACMClient, ExportCertificateCommand } from '@aws-sdk/client-acm';
import { CertferryError } from '../../core/errors.ts';
import { labelOf } from './source-label.ts';
import type { SourceContent, SourceReader, UnpinnedSource } from './source-reader.ts';

/**
 * Exportable certificates of ACM: public ones requested with export enabled, and those of a private CA. ACM keeps only the
 * current version, so there is no previous one.
 */
export function acmReader(client: ACMClient): SourceReader<'acm'> {
  const find = (source: UnpinnedSource<'acm'>) => exportNow(client, source);
  return { pinned: find, latest: find, previous: async () => null };
}

/** ACM encrypts the key with a passphrase made for this export; neither leaves the memory of this process. */
async function exportNow(
  client: ACMClient,
  { kind, certificateArn }: UnpinnedSource<'acm'>,
): Promise<SourceContent> {
  const source = { kind, certificateArn };
  // base64url: ACM takes 4 to 128 characters and none of #, $ and %
  const passphrase = randomBytes(32).toString('base64url');
  const command = new ExportCertificateCommand({
    CertificateArn: certificateArn,
    Passphrase: Buffer.from(passphrase),
  });
  const { Certificate, CertificateChain, PrivateKey } = await client
    .send(command)
    .catch(notForExport(source));
  const names = {
    certificate: 'field "Certificate"',
    chain: 'field "CertificateChain"',
    key: 'field "PrivateKey"',
  };
  const input = { certificate: Certificate, chain: CertificateChain, key: PrivateKey, passphrase, names };
  return { source, where: labelOf(source), input };
}

/** Export is enabled or disabled when a certificate is requested: a retry does not help. */
function notForExport(source: UnpinnedSource<'acm'>) {
  return (cause: unknown): never => {
    if (!(cause instanceof Error && cause.name === 'ValidationException')) throw cause;
    const { name, details } = labelOf(source);
    const message = `${name} cannot be exported (${cause.message}). Request a certificate with export enabled, or from a private CA, and configure its ARN.`;
    throw new CertferryError('SourceUnfit', message, { details, cause });
  };
}
