// The operator's own credentials of AWS. Local mode uses them only for targets of kind acm, and only if the operator names them.
import { fromEnv, fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { SignatureV4 } from '@smithy/signature-v4';
import { CertferryError } from '../../core/errors.ts';
import { partitionOf } from '../../core/partitions.ts';
import { Sha256 } from '../../core/sha256.ts';

/** The services that local mode calls in an account. */
type OperatorService = 'acm' | 'sts';

/** The answer of a service, as it came. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Whose credentials they are. */
export interface Identity {
  readonly account: string;
  /** Of a user, or of an assumed role with the name of its session. */
  readonly arn: string;
}

export interface Operator {
  /** The name with which the operator selected the credentials. */
  readonly name: string;
  /** Asks AWS. @throws CertferryError SourceUnavailable with the next step */
  identity(region: string): Promise<Identity>;
  /** Signs and sends a request. Throws what prevented it. */
  send(service: OperatorService, region: string, request: SignedContent): Promise<ServiceAnswer>;
}

export interface SignedContent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal;
}

/** Instead of the name of a profile: the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. */
export const environmentCredentials = 'environment';

/** Reads nothing before the first request. */
export function operatorWith(name: string, environment: NodeJS.ProcessEnv = process.env): Operator {
  const credentials = name === environmentCredentials ? fromEnv() : fromNodeProviderChain({ profile: name });
  const send: Operator['send'] = async (service, region, { headers, body, signal }) => {
    const url = new URL(endpointOf(service, region, environment));
    const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
    const signed = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: '/',
      headers: { ...headers, host: url.host },
      body,
    });
    const { host: _, ...sent } = signed.headers;
    const answer = await fetch(url, { method: 'POST', headers: sent, body, ...(signal && { signal }) });
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  };
  return { name, send, identity: (region) => identityOf(name, (request) => send('sts', region, request)) };
}

/** The variables of the AWS SDKs: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
function endpointOf(service: OperatorService, region: string, environment: NodeJS.ProcessEnv): string {
  const configured = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? environment.AWS_ENDPOINT_URL;
  return configured ?? `https://${service}.${region}.${partitionOf(region).dnsSuffix}`;
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
async function identityOf(
  name: string,
  send: (request: SignedContent) => Promise<ServiceAnswer>,
): Promise<Identity> {
  try {
    const { status, body } = await send({
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      signal: AbortSignal.timeout(30_000),
    });
    const text = body.toString();
    const field = (field: string) => new RegExp(`"?\\b${field}"?\\s*[:>]\\s*"?([^"<]+)`).exec(text)?.[1];
    const [account, arn] = [field('Account'), field('Arn')];
    if (status === 200 && account !== undefined && arn !== undefined) return { account, arn };
    throw new Error(`STS answers ${status}: ${field('Code') ?? field('Message') ?? 'no identity'}`);
  } catch (error) {
    throw notIdentified(name, error);
  }
}

function notIdentified(name: string, cause: unknown): CertferryError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const what = name === environmentCredentials ? 'of the environment variables' : `of the profile ${name}`;
  return new CertferryError(
    'CredentialUnavailable',
    `the AWS credentials ${what} cannot be used: ${message}. Nothing was changed. Sign in, for example with aws sso login, or name another profile with --aws-credentials.`,
    { cause },
  );
}
