import ssh2, { type AuthenticationType, type AuthHandlerMiddleware, type ParsedKey } from 'ssh2';
import type { CredentialValues } from '../../../core/deployment/job.ts';
import { CertferryError } from '../../../core/errors.ts';
import { CertifiedKey } from './user-certificate.ts';

type AuthMethod = Exclude<Parameters<Parameters<AuthHandlerMiddleware>[2]>[0], AuthenticationType>;

/**
 * The methods to try, in this order: key, password, and the password as the answer to a single hidden question
 * (keyboard-interactive), because servers with PAM often allow only that.
 * @throws CertferryError CredentialRefused if the key or its certificate cannot be read
 */
export function authMethods(username: string, credentials: CredentialValues): AuthMethod[] {
  const { password, privateKey, passphrase, userCertificate } = credentials;
  return [
    ...(privateKey === undefined ? [] : [keyMethod(username, { privateKey, passphrase, userCertificate })]),
    ...(password === undefined ? [] : passwordMethods(username, password)),
  ];
}

interface KeyCredentials {
  readonly privateKey: string;
  readonly passphrase: string | undefined;
  readonly userCertificate: string | undefined;
}

function keyMethod(username: string, credentials: KeyCredentials): AuthMethod {
  const key = readKey(credentials);
  if (credentials.userCertificate === undefined) return { type: 'publickey', username, key };
  return { type: 'agent', username, agent: new CertifiedKey(key, credentials.userCertificate) };
}

function readKey({ privateKey, passphrase }: KeyCredentials): ParsedKey {
  const parsed: unknown = ssh2.utils.parseKey(privateKey, passphrase);
  const key = Array.isArray(parsed) ? (parsed[0] as unknown) : parsed;
  if (key instanceof Error || !isPrivate(key)) {
    // the parser's message may quote its input
    throw new CertferryError(
      'CredentialRefused',
      'privateKey of the target cannot be read: it is no private key of ssh-keygen, or its passphrase is missing or wrong. Check both, or convert the key with "ssh-keygen -p -f FILE"',
    );
  }
  return key;
}

const isPrivate = (key: unknown): key is ParsedKey =>
  typeof key === 'object' && key !== null && (key as ParsedKey).isPrivateKey();

function passwordMethods(username: string, password: string): AuthMethod[] {
  return [
    { type: 'password', username, password },
    {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        const [only] = prompts;
        const asksForPassword = prompts.length === 1 && only?.echo !== true;
        finish(asksForPassword ? [password] : prompts.map(() => ''));
      },
    },
  ];
}
