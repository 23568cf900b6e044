import type { RolloutRequest } from '../../core/rollout/rollout.ts';
import { UsageError } from '../terminal/errors.ts';

/**
 * The value of `--to`: `latest`, `current`, a fingerprint, or the id of the version in the source. Throws UsageError for a
 * shortened fingerprint, because lists show fingerprints shortened.
 */
export function readVersionOption(text: string | undefined): RolloutRequest['version'] {
  if (text === undefined || text === 'latest') return 'latest';
  if (text === 'current') return text;
  if (!text.startsWith('sha256:')) return { id: text };
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return { fingerprint: text };
  throw new UsageError(
    '--to: a fingerprint is "sha256:" and 64 hexadecimal digits. "certferry history --json" prints it in full.',
  );
}
