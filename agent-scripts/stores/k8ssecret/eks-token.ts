import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { SignatureV4 } from '@smithy/signature-v4';
import { CertferryError } from '../../../core/errors.ts';
import { partitionOf } from '../../../core/partitions.ts';
import { Sha256 } from '../../../core/sha256.ts';

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
