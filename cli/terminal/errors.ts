import { isCertferryError } from '../../core/errors.ts';

/** Wrong options or arguments, or an unusable file. Ends the command with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Name and message of an error. The message ends with the next step, if AWS's own message has none. */
export function describeError(error: unknown): { name: string; message: string } {
  if (error instanceof Error) return { name: error.name, message: error.message + nextStep(error) };
  return { name: 'Error', message: String(error) };
}

/** An error that the operator can correct is printed without stack trace; any other error is a defect of certferry. */
export function isExpected(error: unknown): boolean {
  return (
    isCertferryError(error) || (error instanceof Error && (error.name === 'UsageError' || isAwsError(error)))
  );
}

/** An error response of AWS (e.g. a missing permission), or missing credentials or region. */
function isAwsError(error: Error): boolean {
  return '$metadata' in error || notConfigured.has(error.name) || error.message === 'Region is missing';
}

/** AWS's messages report what is missing, but not how to supply it. */
function nextStep(error: Error): string {
  if (error.message === 'Region is missing') return '. Use --region, or set AWS_REGION.';
  if (notConfigured.has(error.name)) {
    return '. Sign in ("aws sso login"), select an existing profile (--profile), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  }
  if (error.name === 'UnreadableAnswer')
    return '. Check for a proxy, a VPN or a sign-in page of the network.';
  if (notValid.has(error.name)) return '. Sign in again, or select another profile (--profile).';
  const isUnresolved = 'code' in error && error.code === 'ENOTFOUND';
  return isUnresolved ? '. Check the network connection and the region (--region).' : '';
}

const notValid = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]);

const notConfigured = new Set(['CredentialsProviderError', 'TokenProviderError', 'ProviderError']);
