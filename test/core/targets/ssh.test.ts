import { describe, expect, test } from 'vitest';
import { isCertferryError } from '../../../core/errors.ts';
import { fingerprintOfHostKey, parseHostKey } from '../../../core/targets/kinds/ssh-host-key.ts';
import { parseTarget } from '../../../core/targets/parse.ts';
import { aTargetInput } from './targets.ts';

/** A key of GitHub, as its documentation publishes line and fingerprint. */
const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const fingerprint = 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU';

const required = {
  address: 'appliance.example.com',
  user: 'certferry',
  hostKey: fingerprint,
  privateKey: { secretId: 'ssh/certferry' },
  certPath: '/etc/ssl/site/fullchain.pem',
  keyPath: '/etc/ssl/site/privkey.pem',
};

function parsed(config: object) {
  const { config: _, ...common } = aTargetInput({}, { kind: 'ssh', host: 'lambda', verify: 'none' });
  return parseTarget({ ...common, config }).config;
}

function problems(changes: object): string {
  try {
    parsed({ ...required, ...changes });
    return '';
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    return (error.details.problems as readonly string[]).join('\n');
  }
}

describe('a host key', () => {
  test.each([
    ['a fingerprint', fingerprint, null],
    ['type and key', `ssh-ed25519 ${blob}`, 'ssh-ed25519'],
    ['a line with a name and a comment', `github.com ssh-ed25519 ${blob} a comment`, 'ssh-ed25519'],
    ['a line with a hashed name', `|1|c2FsdA==|aGFzaA== ssh-ed25519 ${blob}`, 'ssh-ed25519'],
  ])('A host key is read from %s.', (_, text, type) => {
    expect(parseHostKey(text)).toEqual({ fingerprint, type });
  });
  test.each([
    '',
    'SHA256:short',
    'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48',
    `@cert-authority *.example.com ssh-ed25519 ${blob}`,
    `@revoked * ssh-ed25519 ${blob}`,
    `# ssh-ed25519 ${blob}`,
    `github.com ssh-rsa ${blob}`,
    `github.com ssh-ed25519 ${blob}\nssh-ed25519 ${blob}`,
    'github.com ssh-ed25519',
  ])('A text that is no host key is refused: %j', (text) => {
    expect(parseHostKey(text)).toBeNull();
  });
  test('The fingerprint of a key is the one that ssh-keygen prints.', () => {
    expect(fingerprintOfHostKey(Buffer.from(blob, 'base64'))).toBe(fingerprint);
  });
});

describe('a target of kind ssh', () => {
  test('A target of kind ssh has defaults, and splits command lines into words.', () => {
    const config = parsed({
      ...required,
      validateCommand: 'openssl x509 -noout -in {cert}',
      reloadCommand: ['sudo', '-n', 'systemctl', 'reload', 'nginx'],
    });

    expect(config).toEqual({
      ...required,
      port: 22,
      certContents: 'fullchain',
      commandTimeoutSeconds: 60,
      backupRetention: 3,
      validateCommand: ['openssl', 'x509', '-noout', '-in', '{cert}'],
      reloadCommand: ['sudo', '-n', 'systemctl', 'reload', 'nginx'],
    });
    expect(parsed(config)).toEqual(config);
  });
  test.each<[object, string]>([
    [{ hostKey: undefined }, 'config.hostKey'],
    [{ hostKey: [] }, 'config.hostKey'],
    [{ hostKey: 'trust me' }, 'config.hostKey'],
    [{ privateKey: undefined }, 'a password or a privateKey'],
    [{ privateKey: undefined, password: { secretId: 'a' }, passphrase: { secretId: 'b' } }, 'no passphrase'],
    [
      { privateKey: undefined, password: { secretId: 'a' }, userCertificate: { secretId: 'b' } },
      'no userCertificate',
    ],
    [{ keyPath: required.certPath }, 'to be different files'],
    [{ keyMode: '0644' }, 'config.keyMode'],
    [{ reloadCommand: 'a | b' }, 'without shell syntax'],
    [{ validateCommand: 'check {chain}' }, 'no {chain} without a chainPath'],
    [{ reloadCommand: 'load {cert}' }, 'no {cert}, {key} or {chain}'],
    [{ address: '[::1]' }, 'without brackets'],
    [{ user: 'a b' }, 'a user name'],
    [{ commandTimeoutSeconds: 61 }, 'config.commandTimeoutSeconds'],
  ])('A target of kind ssh is refused with its problem: %j', (changes, problem) => {
    expect(problems(changes)).toContain(problem);
  });
});
