import type { RolloutRequest } from '../../core/rollout/rollout.ts';
import { UsageError } from '../terminal/errors.ts';

/**
 * What `--version` means: `latest` and `current`, a fingerprint, or else the name that the source gives a version. Throws
 * UsageError for a fingerprint that is not whole: lists cut them short.
 */
export function readVersion(text: string | undefined): RolloutRequest['version'] {
  if (text === undefined || text === 'latest') return 'latest';
  if (text === 'current') return text;
  if (!text.startsWith('sha256:')) return { id: text };
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return { fingerprint: text };
  throw new UsageError(
    '--version: a fingerprint is "sha256:" and 64 hexadecimal digits: "certferry history --json" has them whole',
  );
}
