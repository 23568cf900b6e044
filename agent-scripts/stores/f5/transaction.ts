import * as z from 'zod/mini';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import type { Device } from './device.ts';
import { profileUrl } from './profiles.ts';

/** `PATCH` of one profile. */
export interface ProfileChange {
  readonly path: string;
  readonly patch: Readonly<Record<string, unknown>>;
}

export interface TransactionOptions {
  /** The device checks the change and applies nothing. */
  readonly validateOnly: boolean;
  /** Reads the profiles immediately before the commit: the API has no precondition. */
  readonly beforeCommit: () => Promise<void>;
}

/** `transId` is a number, such as 1526674837169915. */
const Started = z.object({ transId: z.int().check(z.positive()) });
const Committed = z.object({ state: z.string(), failureReason: z.optional(z.string()) });

/**
 * Changes profiles in one transaction, so that key and certificate of all profiles change together
 * (https://community.f5.com/kb/technicalarticles/getting-started-with-the-python-sdk-part-6-transactions/279114). A command
 * belongs to the transaction by its header `X-F5-REST-Coordination-Id`; without it, the device applies the command at once.
 * The commit has no such header. The device removes an old transaction silently after 30 s (11.5) or 120 s.
 * @returns `unknown` if the answer to the commit is lost, late or about a transaction that does not exist: the profile shows the result
 */
export async function changeProfiles(
  device: Device,
  changes: readonly ProfileChange[],
  { validateOnly, beforeCommit }: TransactionOptions,
): Promise<'done' | { readonly unknown: string }> {
  const started = await device.ask({ method: 'POST', path: '/mgmt/tm/transaction', body: {} });
  const read = Started.safeParse(started.body);
  if (!read.success)
    throw new CertferryError('StoreRefused', 'BIG-IP started a transaction without a numeric transId');
  const path = `/mgmt/tm/transaction/${read.data.transId}`;
  const headers = { 'X-F5-REST-Coordination-Id': String(read.data.transId) };
  let isOpen = true;
  try {
    for (const change of changes)
      await device.ask({ method: 'PATCH', path: profileUrl(change.path), headers, body: change.patch });
    await beforeCommit();
    const result = await commit(device, path, validateOnly);
    isOpen = result !== 'done' || validateOnly;
    return result;
  } finally {
    // best effort: the device removes it by itself
    if (isOpen) await device.ask({ method: 'DELETE', path }, [400, 404]).catch(() => undefined);
  }
}

async function commit(
  device: Device,
  path: string,
  validateOnly: boolean,
): Promise<'done' | { readonly unknown: string }> {
  try {
    const body = { state: 'VALIDATING', validateOnly };
    const answer = await device.ask({ method: 'PATCH', path, body }, [404]);
    if (answer.status === 404) return { unknown: 'the transaction has expired' };
    const { state, failureReason = '' } = Committed.parse(answer.body);
    if (state === 'FAILED')
      throw new CertferryError('StoreRefused', `BIG-IP refused the change: ${failureReason}`);
    return state === 'COMPLETED' || validateOnly
      ? 'done'
      : { unknown: `the transaction is in state ${state}` };
  } catch (error) {
    if (!isCertferryError(error) || error.name !== 'StoreUnreachable') throw error;
    return { unknown: error.message };
  }
}
