import { createHash, createHmac } from 'node:crypto';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { SignatureV4 } from '@smithy/signature-v4';
import { CertferryError } from '../../../core/errors.ts';
import { partitionOf } from '../../../core/partitions.ts';

/** Seconds in which STS accepts the request; the authenticator of EKS accepts the token for 15 minutes. */
const expiresIn = 60;

/**
 * A token for an EKS cluster: a presigned request to STS, with which the cluster identifies the role
 * (https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster). It gives no other
 * access to AWS.
 * @throws CertferryError CredentialUnavailable if the agent has no AWS credentials
 */
export async function eksToken(cluster: string, region: string): Promise<string> {
  const credentials = await fromNodeProviderChain()().catch(() => {
    throw new CertferryError(
      'CredentialUnavailable',
      'The agent has no AWS credentials for the token of the EKS cluster. Give the function a role, or the host an instance profile.',
      { details: { cluster, region } },
    );
  });
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const hostname = `sts.${region}.${partitionOf(region).dnsSuffix}`;
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, 'x-k8s-aws-id': cluster },
    },
    { expiresIn },
  );
  const url = `https://${hostname}/?${new URLSearchParams(query as Record<string, string>)}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

/** The hash of the signer. With a secret it is an HMAC. */
class Sha256 {
  readonly #hash: { update(data: Uint8Array): unknown; digest(): Buffer };

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error('the signer of a request needs no reset');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
