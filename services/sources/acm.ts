import { randomBytes } from 'node:crypto';
import { type ACMClient, ExportCertificateCommand } from '@aws-sdk/client-acm';
import { CertferryError } from '../../core/errors.ts';
import { labelOf } from './source-label.ts';
import type { SourceContent, SourceReader, Unpinned } from './source-reader.ts';

/**
 * Exportable certificates of ACM: public ones requested with export enabled, and those of a private CA. ACM knows no
 * versions and keeps only the current one, so there is nothing to go back to here.
 */
export function acmReader(client: ACMClient): SourceReader<'acm'> {
  const find = (source: Unpinned<'acm'>) => exportNow(client, source);
  return { pinned: find, latest: find, previous: async () => null };
}

/** The key comes encrypted with a passphrase made for this one export; neither leaves this process's memory. */
async function exportNow(
  client: ACMClient,
  { kind, certificateArn }: Unpinned<'acm'>,
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
  const input = { certificate: Certificate, chain: CertificateChain, key: PrivateKey, passphrase };
  return { source, where: labelOf(source), input };
}

/** Whether a certificate may be exported is settled when it is requested: asking again changes nothing. */
function notForExport(source: Unpinned<'acm'>) {
  return (cause: unknown): never => {
    if (!(cause instanceof Error && cause.name === 'ValidationException')) throw cause;
    const { name, details } = labelOf(source);
    const message = `${name} cannot be exported (${cause.message}). Request a certificate with export enabled, or from a private CA, and name its ARN.`;
    throw new CertferryError('SourceUnfit', message, { details, cause });
  };
}
