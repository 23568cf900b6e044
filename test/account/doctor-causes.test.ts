import { describe, expect, test } from 'vitest';
import { causes, diagnose } from '../../account/doctor/causes.ts';
import { unreadableAnswer } from '../../account/stack/aws-calls.ts';
import { CertferryError } from '../../core/errors.ts';

type CauseName = keyof typeof causes;

const anError = (name: string, message = 'no', more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });
const withCode = (code: string) => anError('Error', `connect ${code} 10.0.0.1:443`, { code });
const withStatus = (httpStatusCode: number, name = 'UnknownError') =>
  anError(name, 'UnknownError', { $metadata: { httpStatusCode } });

const call = { service: 'SSM', call: 'DescribeDocument' };

/** Errors as the AWS SDK throws them, by their cause. */
const examples: Readonly<Record<CauseName, readonly Error[]>> = {
  noCredentials: [
    anError('CredentialsProviderError', 'Could not load credentials from any providers'),
    anError('TokenProviderError', 'Token is expired. To refresh this SSO session run aws sso login'),
  ],
  noRegion: [anError('Error', 'Region is missing')],
  expiredCredentials: [
    anError('ExpiredTokenException', 'The security token included in the request is expired'),
    withStatus(403, 'ExpiredToken'),
  ],
  wrongClock: [
    anError(
      'InvalidSignatureException',
      'Signature expired: 20261122T0415Z is now earlier than 20261122T0420Z',
    ),
    anError('RequestTimeTooSkewed', 'The difference is too large'),
  ],
  invalidCredentials: [
    anError('UnrecognizedClientException', 'The security token included in the request is invalid.'),
    anError('InvalidSignatureException', 'The request signature we calculated does not match'),
  ],
  unreadableAnswer: [
    unreadableAnswer(call, 'HTTP 403 with text/html', 403),
    anError('SyntaxError', 'Unexpected end of JSON input'),
    anError(
      'TypeError',
      'Cannot read properties of undefined\n  Deserialization error: to see the raw response, …',
    ),
  ],
  wrongRegion: [
    anError('AuthorizationHeaderMalformed', "the region 'eu-west-1' is wrong; expecting 'eu-central-1'"),
    anError('PermanentRedirect', 'The bucket must be addressed using the specified endpoint'),
  ],
  throttled: [
    anError('ThrottlingException', 'Rate exceeded'),
    anError('RequestLimitExceeded'),
    anError('SlowDown'),
  ],
  accessDenied: [
    anError(
      'AccessDeniedException',
      'User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on resource',
    ),
    withStatus(403, '403'),
  ],
  missingPart: [
    anError('StateMachineDoesNotExist'),
    anError('InvalidDocument'),
    anError('QueueDoesNotExist'),
  ],
  intercepted: [withCode('SELF_SIGNED_CERT_IN_CHAIN'), withCode('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')],
  unresolved: [withCode('ENOTFOUND')],
  unreachable: [withCode('ECONNREFUSED'), withCode('ECONNRESET'), anError('TimeoutError', 'timed out')],
  awsFailure: [withStatus(503), anError('InternalFailure')],
  damagedRegistration: [new CertferryError('InvalidRequest', 'the item target#web-1 is damaged')],
};

describe('the causes of failed checks', () => {
  test.each(Object.entries(examples) as [CauseName, readonly Error[]][])(
    'A failed check names the remedy of its cause: %s',
    (cause, errors) => {
      for (const error of errors) {
        const { found, next } = diagnose(error);
        expect(found).toContain(error.message.split('\n')[0]);
        expect(found).not.toContain('Deserialization error');
        const others = Object.keys(causes).filter((name) => name !== cause) as CauseName[];
        expect(others.filter((other) => remedyOf(other) === next)).toEqual([]);
        if (cause !== 'accessDenied') expect(next).toBe(remedyOf(cause));
      }
    },
  );

  test('Every cause has a remedy of its own', () => {
    const remedies = (Object.keys(causes) as CauseName[]).map(remedyOf);

    expect(new Set(remedies).size).toBe(remedies.length);
  });

  test('A denied call names the action that is missing', () => {
    const [named] = examples.accessDenied;

    expect(diagnose(named).next).toMatch(/^Allow kms:Decrypt for these credentials/);
  });

  test('An unknown error of AWS names the call whose reference explains it', () => {
    const error = anError('TrustStoreBusy');

    expect(diagnose(error)).toEqual({
      found: 'TrustStoreBusy: no',
      next: 'Report this as a defect of certferry.',
    });
  });
});

function remedyOf(cause: CauseName): string {
  const [error] = examples[cause];
  return diagnose(error).next;
}
