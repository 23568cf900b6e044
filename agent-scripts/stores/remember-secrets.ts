import type { CredentialValues } from '../../core/deployment/job.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { rememberKeysIn, rememberSecret } from '../host/known-keys.ts';
import type { PreviousBundles } from './store.ts';

/** Output with part of a credential or of a key of the job is withheld from now on. */
export function rememberSecretsOf(job: {
  readonly bundle: Bundle | null;
  readonly credentials: CredentialValues;
}): void {
  if (job.bundle !== null) rememberKeysIn(job.bundle.key);
  for (const value of Object.values(job.credentials)) {
    rememberKeysIn(value);
    for (const secret of secretsIn(value)) rememberSecret(Buffer.from(secret));
  }
}

/** The same bundles. The key of each one is withheld from output as soon as a connector has it. */
export function rememberingKeys(previous: PreviousBundles): PreviousBundles {
  return {
    async find(fingerprint) {
      const bundle = await previous.find(fingerprint);
      if (bundle !== null) rememberKeysIn(bundle.key);
      return bundle;
    },
  };
}

/**
 * The secret parts of a credential: all of a password, but only the tokens of a document such as a kubeconfig, whose other
 * words may appear in any message.
 */
function secretsIn(credential: string): string[] {
  const text = credential.trim();
  if (!/\s/.test(text) && !text.startsWith('{')) return [text];
  const named = [...text.matchAll(namedSecret)].map(([, value = '']) => value);
  const tokens = (text.match(/[A-Za-z0-9+/_-]{24,}={0,2}/g) ?? []).filter(isRandom);
  const isDocument = text.includes('\n') || text.startsWith('{');
  return isDocument ? [...named, ...tokens] : [text];
}

/** A field of YAML or JSON whose name promises a secret. */
const namedSecret = /(?:password|token|secret|key(?:-data)?)["']?\s*[:=]\s*["']?([^\s"',}]{8,})/gi;

const isRandom = (run: string): boolean => /[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9]/.test(run);
