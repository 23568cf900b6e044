import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { probeProtocols } from '../../../core/targets/kinds/probe-protocol.ts';
import { parseTarget } from '../../../core/targets/parse.ts';
import { CertificateName, Host, Target, TargetId } from '../../../core/targets/target.ts';
import { Endpoint, endpointParts, Verify } from '../../../core/targets/verify.ts';
import { aTargetInput } from './targets.ts';

const paths = fc.stringMatching(/^\/[a-z]{1,8}\/[a-z]{1,8}\.pem$/);
const words = fc.array(fc.stringMatching(/^[A-Za-z0-9/=.' "$|*-]{1,12}$/), { minLength: 1, maxLength: 4 });
const plainLines = fc.array(fc.stringMatching(/^[a-z0-9/.-]{1,8}$/), { minLength: 1, maxLength: 4 });

const fileFields = {
  certMode: fc.constantFrom('0644', '640', '0444'),
  keyMode: fc.constantFrom('0600', '640', '0440'),
  owner: fc.constantFrom('root', 'www-data', '33'),
  group: fc.constantFrom('ssl-cert', '0'),
  commandTimeoutSeconds: fc.integer({ min: 1, max: 240 }),
  backupRetention: fc.integer({ min: 0, max: 50 }),
};

const commands = fc.oneof(
  fc.record({
    shell: fc.constant(true),
    validateCommand: fc.constantFrom('nginx -t | cat', 'test -f $FILE'),
    reloadCommand: fc.oneof(words, fc.constant('kill -HUP $(cat /run/x.pid)')),
  }),
  fc.record(
    { shell: fc.constant(false), validateCommand: words, reloadCommand: words },
    { requiredKeys: ['reloadCommand'] },
  ),
  plainLines.map((line) => ({ reloadCommand: line.join(' ') })),
);

const places = fc.uniqueArray(paths, { minLength: 3, maxLength: 3 });

const configs = fc
  .tuple(places, fc.record(fileFields, { requiredKeys: [] }), commands, fc.boolean())
  .map(([[certPath, keyPath, chainPath], fields, command, withChain]) => ({
    ...{ certPath, keyPath, ...(withChain ? { chainPath } : {}) },
    ...{ ...fields, ...command },
  }));

const verifies = fc.oneof(
  fc.constant('none'),
  fc.record(
    {
      endpoint: fc.constantFrom('10.0.0.7:443', '[::1]:8443', 'mail.example.com:25', 'db_1:5432'),
      serverName: fc.constantFrom('api.example.com', 'localhost'),
      protocol: fc.constantFrom(...probeProtocols),
      attempts: fc.integer({ min: 1, max: 50 }),
      initialBackoffSeconds: fc.integer({ min: 1, max: 300 }),
      timeoutSeconds: fc.integer({ min: 1, max: 12 }),
      addresses: fc.constantFrom('all', 'any'),
      successThreshold: fc.integer({ min: 1, max: 7 }),
      probeFrom: fc.constantFrom('lambda', 'host'),
      requireChain: fc.boolean(),
    },
    { requiredKeys: ['endpoint'] },
  ),
);

describe('a parsed target', () => {
  test('A parsed target is the same when it is parsed again, and after a trip through JSON', () => {
    fc.assert(
      fc.property(fc.constantFrom('nginx', 'files'), configs, verifies, (kind, config, verify) => {
        const once = parseTarget(aTargetInput(config, { kind, verify }));

        expect(parseTarget(once)).toEqual(once);
        expect(parseTarget(JSON.parse(JSON.stringify(once)))).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  test('A parsed target carries its defaults', () => {
    const target = parseTarget(
      aTargetInput({}, { verify: { endpoint: 'mail.example.com:25', protocol: 'smtp' } }),
    );

    expect(target.config).toEqual({
      certPath: '/etc/nginx/tls/fullchain.pem',
      keyPath: '/etc/nginx/tls/privkey.pem',
      shell: false,
      rehearse: false,
      commandTimeoutSeconds: 60,
      backupRetention: 3,
    });
    expect(target.verify).toEqual({
      endpoint: 'mail.example.com:25',
      protocol: 'smtp',
      attempts: 3,
      initialBackoffSeconds: 1,
      maxBackoffSeconds: 16,
      timeoutSeconds: 10,
      addresses: 'all',
      successThreshold: 12,
      probeFrom: 'host',
      onProbeUnavailable: 'alert',
      requireChain: true,
    });
  });

  test('A parsed target has its command lines as words, and passes them to a shell only if configured', () => {
    const reloadCommand = 'systemctl reload nginx';

    expect(parseTarget(aTargetInput({ reloadCommand })).config).toMatchObject({
      reloadCommand: ['systemctl', 'reload', 'nginx'],
    });
    expect(parseTarget(aTargetInput({ reloadCommand: 'a | b', shell: true })).config).toMatchObject({
      reloadCommand: ['/bin/sh', '-c', 'a | b'],
    });
  });

  test('A parsed target refuses what only a shell could mean in either command, unless shell: true', () => {
    for (const field of ['validateCommand', 'reloadCommand']) {
      for (const line of ['a | b', 'a > b', 'a $B', 'a *', 'a; b', 'a && b', 'a `b`', 'a "b']) {
        expect(Target.safeParse(aTargetInput({ [field]: line })).success).toBe(false);
        expect(Target.safeParse(aTargetInput({ [field]: line, shell: true })).success).toBe(true);
      }
    }
  });

  test('A parsed target refuses a blank command, which a shell would call a success', () => {
    expect(Target.safeParse(aTargetInput({ reloadCommand: '  ', shell: true })).success).toBe(false);
    expect(Target.safeParse(aTargetInput({ reloadCommand: [] })).success).toBe(false);
    expect(Target.safeParse(aTargetInput({ reloadCommand: ['a', 'b\0c'] })).success).toBe(false);
  });
});

describe('fields', () => {
  test.each([
    [
      'certPath',
      ['etc/a.pem', '/', '/etc/', '/etc//a', '/etc/../a', '/etc/./a', '/a\nb', '/a\u001bb', '/..', ''],
    ],
    ['keyMode', ['0644', '0601', '644', '0200', '600 ', 640, '0o600', '1600']],
    ['certMode', ['0666', '0755', '0044', 644]],
    ['owner', ['a b', '../x', 33, '']],
    ['backupRetention', [-1, 51, 1.5, '3']],
    ['commandTimeoutSeconds', [0, 241, null]],
  ])('%s refuses values without a meaning', (field, values) => {
    for (const value of values)
      expect(Target.safeParse(aTargetInput({ [field]: value })).success).toBe(false);
  });

  test('The files of one target are different files', () => {
    const same = '/etc/a.pem';

    expect(Target.safeParse(aTargetInput({ certPath: same, keyPath: same })).success).toBe(false);
    expect(Target.safeParse(aTargetInput({ chainPath: '/etc/nginx/tls/fullchain.pem' })).success).toBe(false);
    expect(Target.safeParse(aTargetInput({ chainPath: '/etc/nginx/tls/chain.pem' })).success).toBe(true);
  });

  test('With fileUser, no other owner can be configured', () => {
    expect(Target.safeParse(aTargetInput({ fileUser: 'postgres' })).success).toBe(true);
    expect(Target.safeParse(aTargetInput({ fileUser: 'postgres', owner: 'postgres' })).success).toBe(true);
    expect(Target.safeParse(aTargetInput({ fileUser: 'postgres', owner: 'root' })).success).toBe(false);
    expect(Target.safeParse(aTargetInput({ fileUser: 'a b' })).success).toBe(false);
  });

  test('The kind files requires exactly one way to reload the daemon', () => {
    const kind = { kind: 'files' };

    expect(Target.safeParse(aTargetInput({}, kind)).success).toBe(false);
    expect(Target.safeParse(aTargetInput({ reload: 'none' }, kind)).success).toBe(true);
    expect(Target.safeParse(aTargetInput({ reloadCommand: 'r' }, kind)).success).toBe(true);
    expect(Target.safeParse(aTargetInput({ reload: 'none', reloadCommand: 'r' }, kind)).success).toBe(false);
  });

  test('Names of targets can be file names, and names of hosts are those of SSM', () => {
    for (const id of ['.hidden', '-x', 'a/b', '', 'a'.repeat(65), 'a\n']) {
      expect(TargetId.safeParse(id).success).toBe(false);
    }
    for (const host of ['i-0123456789abcdef0', 'i-01234567', 'mi-0123456789abcdef0', 'local']) {
      expect(Host.safeParse(host).success).toBe(true);
    }
    for (const host of ['i-1', 'mi-01234567', 'web1', 'i-0123456789ABCDEF0']) {
      expect(Host.safeParse(host).success).toBe(false);
    }
    for (const name of ['*', 'a*.example.com', '.example.com', '*.', 'a b']) {
      expect(CertificateName.safeParse(name).success).toBe(false);
    }
    expect(CertificateName.safeParse('*.example.com').success).toBe(true);
  });

  test('An endpoint is a host and a port', () => {
    for (const [endpoint, host, port] of [
      ['10.0.0.7:443', '10.0.0.7', 443],
      ['[::1]:8443', '::1', 8443],
      ['my_db-1.internal:5432', 'my_db-1.internal', 5432],
    ] as const) {
      expect(endpointParts(Endpoint.parse(endpoint))).toEqual({ host, port });
    }
    for (const endpoint of [
      'a',
      'a:0',
      'a:65536',
      ':1',
      '::1:443',
      '[::zz]:1',
      '[1.2.3.4]:1',
      'a:1 ',
      'https://a:1',
    ]) {
      expect(Endpoint.safeParse(endpoint).success).toBe(false);
    }
  });

  test('The longest wait is never shorter than the first', () => {
    const endpoint = 'a:1';

    expect(Verify.parse({ endpoint, initialBackoffSeconds: 30 }).maxBackoffSeconds).toBe(30);
    expect(Verify.parse({ endpoint, initialBackoffSeconds: 5, maxBackoffSeconds: 5 }).maxBackoffSeconds).toBe(
      5,
    );
    expect(Verify.safeParse({ endpoint, initialBackoffSeconds: 5, maxBackoffSeconds: 4 }).success).toBe(
      false,
    );
  });

  test('An smtp endpoint on port 25 is probed from the host, every other endpoint as configured', () => {
    const vantageOf = (verify: object) => Verify.parse(verify).probeFrom;

    expect(vantageOf({ endpoint: 'm:25', protocol: 'smtp' })).toBe('host');
    expect(vantageOf({ endpoint: 'm:587', protocol: 'smtp' })).toBe('lambda');
    expect(vantageOf({ endpoint: 'm:25', protocol: 'smtp', probeFrom: 'lambda' })).toBe('lambda');
    expect(vantageOf({ endpoint: 'm:443', probeFrom: 'host' })).toBe('host');
  });

  test('A server name is one name, not a wildcard', () => {
    expect(Verify.safeParse({ endpoint: 'a:1', serverName: '*.example.com' }).success).toBe(false);
  });
});
