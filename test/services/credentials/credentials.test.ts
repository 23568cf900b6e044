// The memory kind must be in the table before anything reads it.
import '../../fixtures/memory-kind.ts';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Target } from '../../../core/targets/target.ts';
import { createCredentials } from '../../../services/credentials/credentials.ts';
import { clientFor, refusal, type ScriptedService, scriptedService } from '../../fakes/scripted-service.ts';

let secrets: ScriptedService;
let parameters: ScriptedService;
beforeEach(async () => {
  secrets = await scriptedService({ version: '1.1', target: 'secretsmanager' }, ['GetSecretValue']);
  parameters = await scriptedService({ version: '1.1', target: 'AmazonSSM' }, ['GetParameter']);
});
afterEach(() => Promise.all([secrets.close(), parameters.close()]));

const value = 'value-SECRET';

const credentials = (files: 'read' | 'refuse' = 'refuse') =>
  createCredentials({
    secrets: new SecretsManagerClient(clientFor(secrets)),
    ssm: new SSMClient(clientFor(parameters)),
    files,
    timer: { sleep: async () => undefined, random: () => 0.5 },
  });

const targetWith = (token: object) =>
  ({ id: 'store-1', kind: 'memory', config: { entry: 'api', token } }) as unknown as Target;

const readFrom = (token: object, files?: 'read' | 'refuse') => credentials(files).read(targetWith(token));

/** The error of a read, whose text must not contain the value. */
async function refusalOf(token: object, files?: 'read' | 'refuse'): Promise<Error> {
  const error: unknown = await readFrom(token, files).then(
    () => null,
    (found: unknown) => found,
  );
  expect(error).toMatchObject({ name: 'CredentialUnavailable' });
  expect(JSON.stringify([(error as Error).message, (error as { details?: object }).details])).not.toContain(
    'SECRET',
  );
  return error as Error;
}

describe('a credential in Secrets Manager', () => {
  test('A secret is read by its name or ARN, and its text is the credential', async () => {
    secrets.answers.push({ SecretString: value });

    expect(await readFrom({ secretId: 'stores/token' })).toEqual({ token: value });
    expect(secrets.requests).toEqual([{ SecretId: 'stores/token' }]);
  });

  test('A field of a secret with JSON is read', async () => {
    secrets.answers.push({ SecretString: JSON.stringify({ user: 'admin', password: value }) });

    expect(await readFrom({ secretId: 'stores/f5', field: 'password' })).toEqual({ token: value });
  });

  test.each([
    ['is no JSON', value, 'is not a JSON object'],
    ['lacks the field', JSON.stringify({ other: value }), 'has no field "password" with a text'],
    ['has a number in the field', JSON.stringify({ password: 5, other: value }), 'has no field "password"'],
    [
      'has the field only in its prototype',
      JSON.stringify({ other: value }),
      'has no field "toString"',
      'toString',
    ],
  ])(
    'A secret that %s is refused, and the error does not quote it',
    async (_, text, reason, field = 'password') => {
      secrets.answers.push({ SecretString: text });

      expect((await refusalOf({ secretId: 'stores/f5', field })).message).toContain(reason);
    },
  );

  test.each([
    ['binary', { SecretBinary: Buffer.from(value).toString('base64') }, 'is binary'],
    ['empty', { SecretString: '' }, 'it is empty'],
  ])('A secret that is %s is refused', async (_, answer, reason) => {
    secrets.answers.push(answer);

    expect((await refusalOf({ secretId: 'stores/token' })).message).toContain(reason);
  });

  test('An error names the field of the target, the secret, the cause and the next step', async () => {
    secrets.answers.push(refusal('AccessDeniedException', 'not authorized'));

    expect((await refusalOf({ secretId: 'stores/token' })).message).toBe(
      'The credential config.token of target store-1 could not be read from secret stores/token: AccessDeniedException: not authorized. Check that it exists and that certferry may read and decrypt it.',
    );
  });

  test('A temporary failure is repeated', async () => {
    secrets.answers.push(refusal('InternalServiceError'), { SecretString: value });

    expect(await readFrom({ secretId: 'stores/token' })).toEqual({ token: value });
  });

  test('A call that stays throttled keeps the name that the state machine retries', async () => {
    secrets.answers.push(refusal('ThrottlingException'));

    await expect(readFrom({ secretId: 'stores/token' })).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
  });
});

describe('a credential in Parameter Store', () => {
  test('A SecureString is read, decrypted', async () => {
    parameters.answers.push({ Parameter: { Type: 'SecureString', Value: value } });

    expect(await readFrom({ parameter: '/stores/token' })).toEqual({ token: value });
    expect(parameters.requests).toEqual([{ Name: '/stores/token', WithDecryption: true }]);
  });

  test('A parameter that is not encrypted is refused', async () => {
    parameters.answers.push({ Parameter: { Type: 'String', Value: value } });

    expect((await refusalOf({ parameter: '/stores/token' })).message).toContain(
      'of type String, not SecureString',
    );
  });
});

describe('a credential in a file', () => {
  function fileWith(text: string, mode = 0o600): string {
    const path = join(mkdtempSync(join(tmpdir(), 'certferry-credential-')), 'token');
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
    return path;
  }

  test('A file is read in local mode, without the line break at its end', async () => {
    expect(await readFrom({ file: fileWith(`${value}\n`) }, 'read')).toEqual({ token: value });
  });

  test('A file is refused in a function of a stack', async () => {
    expect((await refusalOf({ file: fileWith(value) })).message).toContain('in local mode only');
  });

  test.each([0o640, 0o604])('A file that other users can read is refused (mode %o)', async (mode) => {
    expect((await refusalOf({ file: fileWith(value, mode) }, 'read')).message).toContain('chmod 600');
  });

  test('A file that another user can change is refused', async () => {
    const path = fileWith(value);
    chmodSync(join(path, '..'), 0o777);

    expect((await refusalOf({ file: path }, 'read')).message).toContain('UntrustedPath');
  });

  test('A file that does not exist is refused', async () => {
    expect((await refusalOf({ file: '/nonexistent/token' }, 'read')).message).toContain('ENOENT');
  });
});
