import { isCertferryError } from '../core/errors.ts';

/** What a person typed, or a file they named, cannot be used. Ends the command with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Name and message of any error, safe to print. */
export function describeError(error: unknown): { name: string; message: string } {
  if (error instanceof Error) return { name: error.name, message: error.message };
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

const notConfigured = new Set(['CredentialsProviderError', 'TokenProviderError', 'ProviderError']);
