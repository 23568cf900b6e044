import { isCertferryError } from '../../core/errors.ts';

/** What a person typed, or a file they named, cannot be used. Ends the command with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Name and message of any error, safe to print. */
export function describeError(error: unknown): { name: string; message: string } {
  if (error instanceof Error) return { name: error.name, message: error.message + whatToDo(error) };
  return { name: 'Error', message: String(error) };
}

/** An error a person can act on needs no stack trace; any other is a defect of ours and keeps it. */
export function isExpected(error: unknown): boolean {
  return (
    isCertferryError(error) || (error instanceof Error && (error.name === 'UsageError' || isOfAws(error)))
  );
}

/** What AWS refused (an expired session, a missing permission), or credentials and a region that are not there. */
function isOfAws(error: Error): boolean {
  return '$metadata' in error || notConfigured.has(error.name) || error.message === 'Region is missing';
}

/** AWS's own words say what is missing, and not what a person does about it. */
function whatToDo(error: Error): string {
  if (error.message === 'Region is missing') return ': say --region, or set AWS_REGION';
  if (notConfigured.has(error.name)) {
    return '. Sign in ("aws sso login"), name a profile that there is (--profile), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  }
  if (notValid.has(error.name)) return '. Sign in again, or name another profile (--profile).';
  const isNameless = 'code' in error && error.code === 'ENOTFOUND';
  return isNameless ? '. Is there a network, and is the region right (--region)?' : '';
}

const notValid = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]);

const notConfigured = new Set(['CredentialsProviderError', 'TokenProviderError', 'ProviderError']);
