import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CertferryError } from '../../core/errors.ts';
import { isUnavailable, toProbeError } from '../../core/probe-failure.ts';
import { serverNameOf } from '../../core/tls-probe/probe.ts';
import { nameProblem } from '../../core/tls-probe/served-problem.ts';
import { openssl } from '../fixtures/forms.ts';

const coded = (message: string, known: object) => Object.assign(new Error(message), known);

describe('the description of a failed probe', () => {
  test.each([
    ['a known code', coded('connect ECONNREFUSED', { code: 'ECONNREFUSED' }), 'connection refused'],
    [
      'OpenSSL’s own reason',
      coded('…:SSL routines:…', { code: 'ERR_SSL_X', reason: 'bad thing' }),
      'the TLS handshake failed: bad thing',
    ],
    [
      'a broken handshake without a reason',
      coded('write EPROTO', { code: 'EPROTO' }),
      'the TLS handshake failed: write EPROTO',
    ],
    ['a code nobody knows', coded('it broke', { code: 'EWHATEVER' }), 'the connection failed: it broke'],
    ['an error without a code', new Error('it broke'), 'the connection failed: it broke'],
    ['what is no error', 'it broke', 'the connection failed: it broke'],
  ])('A failed probe is described: %s', (_, cause, words) => {
    expect(toProbeError(cause)).toMatchObject({ name: 'ProbeFailed', message: words });
  });

  test('A description of a failed probe is not described again', () => {
    const said = new CertferryError('ProbeFailed', 'no answer within 1 s');

    expect(toProbeError(said)).toBe(said);
  });
});

describe('the difference between an endpoint that is wrong and a probe that could not be made', () => {
  test.each([
    'EAI_AGAIN',
    'EAI_FAIL',
    'EMFILE',
    'ENFILE',
    'ENOBUFS',
    'ENOMEM',
    'ENETUNREACH',
    'ENETDOWN',
    'EADDRNOTAVAIL',
    'EAFNOSUPPORT',
    'EACCES',
    'EPERM',
  ])('%s is an error of the probing machine or its name server', (code) => {
    expect(isUnavailable(toProbeError(coded('x', { code })))).toBe(true);
  });

  test.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENOTFOUND',
    'ENODATA',
    'EPROTO',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ABORT_ERR',
    'EWHATEVER',
  ])('%s can be caused by a daemon that is down or wrong, so it counts against the endpoint', (code) => {
    expect(toProbeError(coded('x', { code }))).toMatchObject({ name: 'ProbeFailed' });
  });
});

describe('the name that clients use', () => {
  test('The name that clients use is the target’s own word, else the endpoint’s host, unless that is an address', () => {
    expect(serverNameOf({ endpoint: 'a.test:443', serverName: 'b.test' })).toBe('b.test');
    expect(serverNameOf({ endpoint: 'a.test:443', serverName: undefined })).toBe('a.test');
    expect(serverNameOf({ endpoint: '[::1]:443', serverName: undefined })).toBeNull();
  });

  test('A leaf without any name covers no server name, and the problem states it', () => {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const pem = openssl([...args, '-keyout', '/dev/null', '-subj', '/O=Example']).toString();

    expect(nameProblem(new X509Certificate(pem), 'a.test')).toBe('does not cover a.test (it is for no name)');
  });
});
