import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import type * as z from 'zod/mini';
import { type JobHeader, SealedBody, SealedStoreBody } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';
import { type FileTarget, isStoreTarget, type StoreTarget, type Target } from '../targets/target.ts';
import { type HostPrivateKey, privateJwk } from './host-key.ts';
import { bundleActions, fieldsOf, readJob, unreadable } from './job-text.ts';

/** A sealed job after it was opened. The header is authenticated. */
export interface UnsealedJob<Body> {
  readonly header: JobHeader;
  readonly body: Body;
}

/** The body of a job for a target with files. */
export type FileJobBody = Omit<SealedBody, 'target'> & { readonly target: FileTarget };

/** The body of a job for a target in a store. */
export type StoreJobBody = Omit<SealedStoreBody, 'target'> & { readonly target: StoreTarget };

/**
 * Opens a sealed job for a target with files.
 *
 * @throws CertferryError SealBroken if the text was changed or is sealed for another key.
 * JobUnreadable if it is not a sealed job, or its body is not valid
 */
export async function unseal(text: string, key: HostPrivateKey): Promise<UnsealedJob<FileJobBody>> {
  const { action } = sealedJob(text).header;
  if (!bundleActions.includes(action))
    throw unreadable(`the job ${action} for a target with files must not be sealed`);
  const { header, body } = await unsealAs(SealedBody, text, key);
  const { target } = body;
  if (isStoreTarget(target)) throw wrongShape(target, 'has no files on a host');
  return { header, body: { ...body, target } };
}

/**
 * Opens a sealed job for a target in a store.
 *
 * @throws CertferryError SealBroken if the text was changed or is sealed for another key.
 * JobUnreadable if it is not a sealed job, or its body is not valid
 */
export async function unsealStoreJob(text: string, key: HostPrivateKey): Promise<UnsealedJob<StoreJobBody>> {
  const { header, body } = await unsealAs(SealedStoreBody, text, key);
  const { target } = body;
  if (!isStoreTarget(target)) throw wrongShape(target, 'is not stored by a service');
  if (bundleActions.includes(header.action) !== (body.bundle !== null)) {
    throw unreadable(`the job ${header.action} ${body.bundle === null ? 'needs a' : 'has no'} bundle`);
  }
  return { header, body: { ...body, target } };
}

function wrongShape({ id, kind }: Pick<Target, 'id' | 'kind'>, why: string): CertferryError {
  return unreadable(`target ${id} is of kind ${kind}, which ${why}`);
}

async function unsealAs<Body extends { readonly target: Target }>(
  schema: z.ZodMiniType<Body>,
  text: string,
  key: HostPrivateKey,
): Promise<UnsealedJob<Body>> {
  const job = sealedJob(text);
  if (job.kid !== key.kid) throw broken(job.header, `it is sealed for ${job.kid}, not for ${key.kid}`);
  // GCM authenticates the header too: after this succeeds, the header is what the sender wrote.
  const body = bodyOf(schema, await decrypt(job.header, text, key));
  if (body.target.id !== job.header.targetId) {
    throw unreadable(`its header is for ${job.header.targetId}, its body for ${body.target.id}`);
  }
  return { header: job.header, body };
}

function sealedJob(text: string) {
  const job = readJob(text);
  if (!job.sealed) throw unreadable('it is not sealed');
  return job;
}

async function decrypt(header: JobHeader, text: string, key: HostPrivateKey): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(text, privateJwk(key), {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return new TextDecoder().decode(plaintext);
  } catch (cause) {
    throw broken(
      header,
      'it was changed in transit, or it is sealed for a key that this host does not have',
      cause,
    );
  }
}

/** Errors name fields of the body, never their values: one of them is the private key. */
function bodyOf<Body>(schema: z.ZodMiniType<Body>, plain: string): Body {
  const body = schema.safeParse(parseJson(plain));
  if (!body.success) throw unreadable(`its body is not that of a sealed job: ${fieldsOf(body.error)}`);
  return body.data;
}

function parseJson(plain: string): unknown {
  try {
    return JSON.parse(plain);
  } catch {
    // Without the cause: the message of JSON.parse quotes its input.
    throw unreadable('its body is not JSON');
  }
}

function broken(header: JobHeader, why: string, cause?: unknown): CertferryError {
  return new CertferryError(
    'SealBroken',
    `The sealed job ${header.deploymentId} for ${header.targetId} cannot be opened: ${why}. Deploy again. If the error persists, enroll the host again.`,
    { details: { deploymentId: header.deploymentId, targetId: header.targetId }, cause },
  );
}
