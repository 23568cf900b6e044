import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { ReadJob } from '../../core/seal/job-text.ts';
import type { Home } from '../host/home.ts';
import { hostPublicKey, isRetired, retireOpenedKey } from '../host/host-keys.ts';
import { resultLine } from '../journal/result-line.ts';

/** The result with the public key for the next job: each result of a sealed job needs it, also a failure. */
export async function withHostKey(home: Home, line: AgentLine): Promise<AgentLine> {
  return { ...line, hostKey: await hostPublicKey(home) };
}

const enrolmentSummaries = {
  none: 'this host has a key',
  RetiredHostKey:
    'the job was sealed to a key that this host has deleted after an earlier job; the result contains its current key',
  UnknownHostKey:
    'the job was sealed to a key that this host does not have; the result contains its current key',
} as const;

/** The result of the job `enroll`, and with a `reason` that of a job that could not be opened. */
export async function enrolled(
  home: Home,
  header: JobHeader,
  reason: 'RetiredHostKey' | 'UnknownHostKey' | null,
): Promise<AgentLine> {
  const line = resultLine(header, {
    outcome: 'enrolled',
    summary: enrolmentSummaries[reason ?? 'none'],
    reason,
  });
  return withHostKey(home, line);
}

/**
 * The result of a job that is sealed to a key that this host has deleted after a job, or never had, e.g. because it was
 * rebuilt. The sender repeats the job with the current key.
 */
export function unknownKey(home: Home, { header, kid }: ReadJob & { sealed: true }): Promise<AgentLine> {
  return enrolled(home, header, isRetired(home, kid) ? 'RetiredHostKey' : 'UnknownHostKey');
}

/**
 * Deletes the key that opened a job, except the key `except`. Returns warnings: a full disk must not prevent a rollback, or
 * change the result of a finished job.
 */
export function retireKey(home: Home, except: string | null): string[] {
  try {
    retireOpenedKey(home, except);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [
      `the key of the last job could not be deleted (${message}); the next job on this host deletes it`,
    ];
  }
}
