import type { CertificateInput, CertificateSource } from '../inputs/common-types.ts';
import type { SourceConstruct } from '../inputs/constructs.ts';

/** The source as a targets file would name it. */
export function sourceOf(source: SourceConstruct | CertificateSource): CertificateSource {
  if ('kind' in source) return source;
  if ('certificateArn' in source) return { kind: 'acm', certificateArn: source.certificateArn };
  if ('parameterArn' in source) return { kind: 'parameter', name: source.parameterName };
  // a partial ARN lacks the random characters that Secrets Manager appends
  return { kind: 'secretsmanager', secretId: source.secretFullArn ?? source.secretName };
}

/** The construct of a source; null for a source by its name. */
export const sourceConstruct = ({ source }: CertificateInput): SourceConstruct | null =>
  source === undefined || 'kind' in source ? null : source;
