import { describe, expect, test } from 'vitest';
import { readHookRequest } from '../../cli/hook/hook-request.ts';
import { matchingTargets } from '../../cli/hook/matching-targets.ts';
import { aRegisteredTarget } from '../fixtures/rollout-state.ts';

const live = '/etc/letsencrypt/live/example.com';
const files = '/root/.lego/certificates/example.com';

describe('what a renewal tool passes to its hook', () => {
  test.each([
    [
      'certbot',
      { RENEWED_LINEAGE: live, RENEWED_DOMAINS: 'example.com www.example.com' },
      [],
      { tool: 'certbot', cert: live, key: undefined, lineage: 'example.com' },
    ],
    [
      'acme.sh',
      {
        Le_Domain: 'example.com',
        CERT_PATH: '/root/.acme.sh/example.com_ecc/example.com.cer',
        CERT_KEY_PATH: '/root/.acme.sh/example.com_ecc/example.com.key',
        CA_CERT_PATH: '/root/.acme.sh/example.com_ecc/ca.cer',
        CERT_FULLCHAIN_PATH: '/root/.acme.sh/example.com_ecc/fullchain.cer',
      },
      [],
      {
        tool: 'acme.sh',
        cert: '/root/.acme.sh/example.com_ecc/fullchain.cer',
        key: '/root/.acme.sh/example.com_ecc/example.com.key',
        lineage: 'example.com',
      },
    ],
    [
      'lego 4',
      {
        LEGO_ACCOUNT_EMAIL: 'ops@example.com',
        LEGO_CERT_DOMAIN: 'example.com',
        LEGO_CERT_PATH: `${files}.crt`,
        LEGO_CERT_KEY_PATH: `${files}.key`,
      },
      [],
      { tool: 'lego 4', cert: `${files}.crt`, key: `${files}.key`, lineage: 'example.com' },
    ],
    [
      'lego 5',
      {
        LEGO_HOOK_CERT_NAME: 'example.com',
        LEGO_HOOK_CERT_PATH: `${files}.crt`,
        LEGO_HOOK_CERT_KEY_PATH: `${files}.key`,
      },
      [],
      { tool: 'lego', cert: `${files}.crt`, key: `${files}.key`, lineage: 'example.com' },
    ],
    [
      'dehydrated',
      {},
      [
        'deploy_cert',
        'example.com',
        '/c/privkey.pem',
        '/c/cert.pem',
        '/c/fullchain.pem',
        '/c/chain.pem',
        '1',
      ],
      { tool: 'dehydrated', cert: '/c/fullchain.pem', key: '/c/privkey.pem', lineage: 'example.com' },
    ],
    [
      'a folder as argument, before the variables of a tool',
      { RENEWED_LINEAGE: '/other' },
      [`${live}/`],
      { tool: 'arguments', cert: `${live}/`, key: undefined, lineage: 'example.com' },
    ],
  ])('The hook reads the files and the name from %s', (_, environment, words, expected) => {
    expect(readHookRequest(environment, words)).toEqual(expected);
  });

  test.each(['deploy_challenge', 'clean_challenge', 'unchanged_cert', 'exit_hook', 'startup_hook'])(
    'The operation %s of dehydrated needs no deployment',
    (operation) => {
      expect(readHookRequest({}, [operation, 'example.com'])).toBe('nothing');
    },
  );

  test.each([{}, { RENEWED_LINEAGE: '' }])('A hook that no tool started asks for a folder', (environment) => {
    expect(() => readHookRequest(environment, [])).toThrow(
      'Name the folder: certferry hook /etc/letsencrypt',
    );
  });
});

describe('the targets of a renewed certificate', () => {
  const target = (id: string, certificate: string) => aRegisteredTarget(0, { id, certificate } as never);
  const targets = [
    target('web', 'www.example.com'),
    target('api', 'api.example.com'),
    target('web-2', 'www.example.com'),
    target('all', '*.example.com'),
  ];
  const idsOf = (...names: (string | undefined)[]) =>
    matchingTargets(targets, names).map((one) => one.targets.map(({ id }) => id));

  test('A certificate has the targets whose certificate is one of its names, grouped by that name', () => {
    expect(idsOf('WWW.example.com', 'api.example.com')).toEqual([['web', 'web-2'], ['api']]);
  });

  test('A wildcard has the targets with this wildcard, not those that it would cover', () => {
    expect(idsOf('*.example.com')).toEqual([['all']]);
  });

  test('The name that the tool uses counts too, and a certificate without targets has none', () => {
    expect(idsOf('other.example.com', 'api.example.com')).toEqual([['api']]);
    expect(idsOf('other.example.com', undefined)).toEqual([]);
  });
});
