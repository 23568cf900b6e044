import { compactVerify } from 'jose/jws/compact/verify';
import * as z from 'zod/mini';
import { CertferryError } from '../errors.ts';
import { type JobKey, readJobKeys } from './job-keys.ts';
import { digestOfJob, SignatureHeader, SignaturePayload, separator } from './job-signature.ts';

/** A job whose signature is valid. `id` and `expiresAt` (epoch seconds) are those of the signature. */
export interface VerifiedJob {
  readonly text: string;
  readonly id: string;
  readonly expiresAt: number;
}

/** What a host accepts: signatures by these keys, for this host. */
export interface AcceptedSignatures {
  /** As the SSM document contains them (`job-keys.ts`). */
  readonly keys: string;
  /** The id of this host, or undefined if the SSM Agent did not report it. */
  readonly host: string | undefined;
}

/**
 * Verifies the signature of a job, and that it was signed for this host. Nothing of the job itself is parsed.
 * @throws CertferryError JobUnsigned
 */
export async function verifyJob(text: string, { keys, host }: AcceptedSignatures): Promise<VerifiedJob> {
  const at = text.indexOf(separator);
  if (at === -1) throw unsigned('it has no signature');
  const payload = await verifiedPayload(text.slice(0, at), acceptedKeys(keys));
  const job = text.slice(at + 1);
  if (payload.sha256 !== digestOfJob(job)) throw unsigned('its signature belongs to another job');
  if (host === undefined) throw unknownHost();
  if (payload.host !== host)
    throw unsigned(`it was signed for host ${payload.host}, and this host is ${host}`);
  return { text: job, id: payload.jti, expiresAt: payload.exp };
}

function acceptedKeys(text: string): readonly JobKey[] {
  const keys = readJobKeys(text);
  if (keys !== null) return keys;
  throw unsigned('the SSM document contains no valid key for signatures; in a member stack, check jobKeys');
}

async function verifiedPayload(jws: string, keys: readonly JobKey[]): Promise<SignaturePayload> {
  const key = keyFor(headerOf(jws), keys);
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(jws, key, { algorithms: ['ES256'] }));
  } catch (cause) {
    throw unsigned('its signature is not valid', cause);
  }
  const parsed = SignaturePayload.safeParse(parseJson(new TextDecoder().decode(payload)));
  if (parsed.success) return parsed.data;
  throw unsigned('its signature has another form than this agent requires');
}

function headerOf(jws: string): z.infer<typeof SignatureHeader> {
  const [first = ''] = jws.split('.');
  const parsed = z.safeParse(SignatureHeader, parseJson(Buffer.from(first, 'base64url').toString('utf8')));
  if (parsed.success) return parsed.data;
  throw unsigned('its signature has another form than this agent requires');
}

function keyFor({ kid }: { readonly kid: string }, keys: readonly JobKey[]): JobKey {
  const key = keys.find((one) => one.kid === kid);
  if (key !== undefined) return key;
  const accepted = keys.map((one) => one.kid).join(', ');
  throw unsigned(`the SSM document does not accept the key of its signature; it accepts ${accepted}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unsigned(why: string, cause?: unknown): CertferryError {
  return new CertferryError(
    'JobUnsigned',
    `The job is refused: ${why}. If certferry sent it, deploy the stack and its member stacks again. Otherwise, find out who sent the command.`,
    { cause },
  );
}

/** The SSM Agent sets the variable for every script (amazon-ssm-agent, agent/executers/executers.go). */
function unknownHost(): CertferryError {
  return new CertferryError(
    'JobUnsigned',
    'The job is refused: AWS_SSM_INSTANCE_ID is not set, so this host cannot check that the job is for it. Update its SSM Agent to 3.3.2746.0 or later, and restart it.',
  );
}
