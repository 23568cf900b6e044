import type { ErrorName } from '../../core/errors.ts';
import { type AwsCall, failedCallOf, unreadableName } from '../stack/aws-calls.ts';

/** A failed call, as far as its error reveals it. */
interface Failure {
  readonly name: string;
  readonly message: string;
  /** Of Node, such as ECONNREFUSED. */
  readonly code: string;
  readonly httpStatusCode: number;
  readonly call: AwsCall | null;
}

/** A cause of failed checks, with its only remedy. */
interface Cause {
  readonly matches: (failure: Failure) => boolean;
  readonly remedy: (failure: Failure) => string;
}

/** The result of a failed call: what happened, and the next step. */
export interface Diagnosis {
  readonly found: string;
  readonly next: string;
}

/** Diagnoses an error of a check: names service and call, and the remedy of the first cause that matches. */
export function diagnose(error: unknown): Diagnosis {
  const failure = failureOf(error);
  const { name, call } = failure;
  const message = failure.message.replace(/\n\s*Deserialization error:[\s\S]*$/, '');
  const cause = Object.values(causes).find(({ matches }) => matches(failure)) ?? unknownCause;
  const where = call === null ? '' : `${call.service} ${call.call}: `;
  const found = name === unreadableName ? message : `${where}${name}: ${message}`;
  return { found, next: cause.remedy(failure) };
}

function failureOf(error: unknown): Failure {
  const known = error instanceof Error ? error : new Error(String(error));
  const { code, $metadata } = known as Error & {
    readonly code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return {
    name: known.name,
    message: known.message,
    code: typeof code === 'string' ? code : '',
    httpStatusCode: $metadata?.httpStatusCode ?? 0,
    call: failedCallOf(known),
  };
}

const named =
  (...names: readonly string[]) =>
  ({ name }: Failure) =>
    names.includes(name);

const withCode =
  (...codes: readonly string[]) =>
  ({ code }: Failure) =>
    codes.includes(code);

/**
 * The causes, the more specific ones first. Error names: the "Common errors" of the API reference of each service, and the
 * providers of the AWS SDK for JavaScript.
 */
export const causes = {
  noCredentials: {
    matches: named('CredentialsProviderError', 'TokenProviderError', 'ProviderError'),
    remedy: () =>
      'Sign in ("aws sso login"), select an existing profile (--profile), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  },
  noRegion: {
    matches: ({ message }) => message === 'Region is missing',
    remedy: () => 'Use --region, or set AWS_REGION.',
  },
  expiredCredentials: {
    matches: named('ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'),
    remedy: () => 'Sign in again: the credentials have expired.',
  },
  wrongClock: {
    matches: ({ name, message }) =>
      name === 'RequestTimeTooSkewed' || /signature (expired|not yet current)/i.test(message),
    remedy: () => 'Correct the clock of this machine: AWS refuses signatures that are minutes old.',
  },
  invalidCredentials: {
    matches: named(
      ...['InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidAccessKeyId', 'AuthFailure'],
      ...['SignatureDoesNotMatch', 'InvalidSignatureException', 'IncompleteSignature'],
    ),
    remedy: () =>
      'Select another profile (--profile). If the account has not enabled this region, use another one (--region).',
  },
  unreadableAnswer: {
    matches: ({ name, message }) =>
      name === unreadableName || name === 'SyntaxError' || message.includes('Deserialization error'),
    remedy: () =>
      'Connect without the proxy, VPN or sign-in page that answers instead of AWS, or let it pass these requests.',
  },
  wrongRegion: {
    matches: named(
      ...['AuthorizationHeaderMalformed', 'PermanentRedirect', 'IllegalLocationConstraintException'],
      ...['OptInRequired', 'SubscriptionRequiredException'],
    ),
    remedy: () =>
      'Use the region of the stack (--region). The bucket of a source must be in that region too.',
  },
  throttled: {
    matches: named(
      ...['Throttling', 'ThrottlingException', 'ThrottledException', 'RequestThrottled', 'SlowDown'],
      ...[
        'RequestThrottledException',
        'TooManyRequestsException',
        'RequestLimitExceeded',
        'EC2ThrottledException',
      ],
      ...['ProvisionedThroughputExceededException', 'BandwidthLimitExceeded', 'PriorRequestNotComplete'],
    ),
    remedy: () => 'Wait a minute and run the doctor again: other programs use the same quota of the account.',
  },
  accessDenied: {
    matches: (failure) =>
      named(
        ...[
          'AccessDenied',
          'AccessDeniedException',
          'UnauthorizedOperation',
          'Forbidden',
          'KMSAccessDeniedException',
        ],
        ...['AuthorizationError', 'AuthorizationErrorException', 'NotAuthorized'],
      )(failure) || failure.httpStatusCode === 403,
    remedy: (failure) =>
      `Allow ${actionOf(failure)} for these credentials, or select another profile (--profile).`,
  },
  missingPart: {
    matches: named(
      ...['ResourceNotFoundException', 'StateMachineDoesNotExist', 'InvalidDocument', 'NotFound'],
      ...[
        'NotFoundException',
        'QueueDoesNotExist',
        'AWS.SimpleQueueService.NonExistentQueue',
        'NoSuchBucket',
      ],
    ),
    remedy: () => 'Deploy the stack again: npx cdk deploy',
  },
  intercepted: {
    matches: withCode(
      ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ),
    remedy: () =>
      'A proxy replaces the certificate of AWS: set NODE_EXTRA_CA_CERTS to the file with the CA certificate of the proxy.',
  },
  unresolved: {
    matches: withCode('ENOTFOUND', 'EAI_AGAIN'),
    remedy: () => 'Check the network connection and the region (--region).',
  },
  unreachable: {
    matches: (failure) =>
      failure.name === 'TimeoutError' ||
      withCode(...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE'])(
        failure,
      ),
    remedy: () => 'Check the network, the firewall and the VPC endpoints between this machine and AWS.',
  },
  awsFailure: {
    matches: ({ name, httpStatusCode }) =>
      httpStatusCode >= 500 || ['InternalFailure', 'InternalError', 'ServiceUnavailable'].includes(name),
    remedy: () => 'Run the doctor again later. AWS reports incidents at https://health.aws.amazon.com/.',
  },
  damagedRegistration: {
    matches: named(...(['InvalidRequest', 'InvalidTarget'] satisfies ErrorName[])),
    remedy: () => 'Correct the targets file and apply it: certferry targets apply FILE',
  },
} as const satisfies Readonly<Record<string, Cause>>;

const unknownCause: Cause = {
  matches: () => true,
  remedy: ({ call, name }) =>
    call === null
      ? 'Report this as a defect of certferry.'
      : `Find ${name} in the API reference of ${call.service}, action ${call.call}.`,
};

/** The action that the message of AWS names, or else that of the call: some services answer 403 without a message. */
function actionOf({ message, call }: Failure): string {
  const [, action] = /perform: ([a-z0-9-]+:[A-Za-z0-9*]+)/.exec(message) ?? [];
  if (action !== undefined) return action;
  if (call === null) return 'the call';
  const { service, call: name } = call;
  return `${prefixes[service] ?? service.toLowerCase()}:${actions[name] ?? name}`;
}

/** Services whose prefix in IAM is not their name in lower case. */
const prefixes: Readonly<Record<string, string>> = { SFN: 'states' };

/** Calls whose action in IAM has another name. */
const actions: Readonly<Record<string, string>> = { HeadObject: 'GetObject', HeadBucket: 'ListBucket' };
