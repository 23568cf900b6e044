import type { CertificateSource, Source } from '../../core/deployment/source.ts';
import type { ErrorDetails } from '../../core/errors.ts';

/** A source in an error: `name` begins the message, `details` go with the error. */
export interface SourceLabel {
  readonly name: string;
  readonly details: ErrorDetails;
}

/** The name of a source in messages, and the details for its errors. */
export function labelOf(source: CertificateSource | Source): SourceLabel {
  return { name: nameOf(source), details: { ...source } };
}

function nameOf(source: CertificateSource | Source): string {
  switch (source.kind) {
    case 'secretsmanager':
      return `secret ${source.secretId}${'versionId' in source ? ` (version ${source.versionId})` : ''}`;
    case 'acm':
      return `ACM certificate ${source.certificateArn}`;
    case 's3':
      return `object s3://${source.bucket}/${source.key}${'versionId' in source ? ` (version ${source.versionId})` : ''}`;
    case 'parameter':
      return `parameter ${source.name}${'version' in source ? ` (version ${source.version})` : ''}`;
  }
}
