import { describe, expect, test } from 'vitest';
import { type CertferryError, isCertferryError } from '../../../core/errors.ts';
import { VerifyPolicy } from '../../../core/targets/verify.ts';
import { requireCoveredName } from '../../../core/tls-probe/required-name.ts';
import { aVersion } from '../../fixtures/certificates.ts';

const target = (verify: object | 'none') => ({ id: 'web-1', verify: VerifyPolicy.parse(verify) });

describe('the required name', () => {
  test.each([
    ['a listed name', ['www.example.test'], { endpoint: '10.0.0.7:443', serverName: 'www.example.test' }],
    [
      'a name under a wildcard',
      ['*.example.test'],
      { endpoint: '10.0.0.7:443', serverName: 'a.example.test' },
    ],
    ['the host of the endpoint', ['www.example.test'], { endpoint: 'www.example.test:443' }],
    ['a listed address', ['10.0.0.7'], { endpoint: '10.0.0.7:443', serverName: '10.0.0.7' }],
    ['an endpoint with an address and no name', ['www.example.test'], { endpoint: '10.0.0.7:443' }],
    ['a target without an endpoint', ['www.example.test'], 'none'],
  ] as const)('A leaf is accepted for %s', async (_, names, verify) => {
    const { certPem } = await aVersion({ names: [...names] });

    expect(refusalOf(certPem, verify)).toBeNull();
  });

  test.each([
    ['another name', ['www.example.test'], { endpoint: '10.0.0.7:443', serverName: 'api.example.test' }],
    [
      'two labels under a wildcard',
      ['*.example.test'],
      { endpoint: '[::1]:443', serverName: 'a.b.example.test' },
    ],
    ['the bare domain of a wildcard', ['*.example.test'], { endpoint: 'example.test:443' }],
    [
      'an address that is only a name of it',
      ['www.example.test'],
      { endpoint: '10.0.0.7:443', serverName: '10.0.0.7' },
    ],
  ] as const)('A leaf is refused for %s', async (_, names, verify) => {
    const { certPem } = await aVersion({ names: [...names] });

    expect(refusalOf(certPem, verify)).toMatchObject({ name: 'NameNotCovered', retry: 'never' });
  });

  test('The refusal lists the names of the leaf and the field to correct, in bounded text', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `n${at}.example.test`);
    const { certPem } = await aVersion({ names });

    const named = refusalOf(certPem, { endpoint: '10.0.0.7:443', serverName: 'www.example.test' });
    const hosted = refusalOf(certPem, { endpoint: 'www.example.test:443' });

    expect(named?.message).toMatch(
      /does not cover www\.example\.test \(it is for n0\.example\.test, .* and 95 more\)/,
    );
    expect(named?.message).toContain(
      'Deploy a certificate that covers www.example.test, or correct verify.serverName',
    );
    expect(hosted?.message).toContain('or correct the host of verify.endpoint');
    expect(named?.message.length).toBeLessThan(1_200);
  });
});

function refusalOf(certPem: string, verify: object | 'none'): CertferryError | null {
  try {
    requireCoveredName(target(verify), certPem);
    return null;
  } catch (error) {
    if (isCertferryError(error)) return error;
    throw error;
  }
}
