import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CertferryError } from '../../../core/errors.ts';
import { parseTargets } from '../../../core/registry/targets-file.ts';
import { targetKinds } from '../../../core/targets/kinds/kinds.ts';
import { parseTarget } from '../../../core/targets/parse.ts';
import { aTargetInput } from './targets.ts';

function problemsOf(attempt: () => unknown): string[] {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof CertferryError) || error.name !== 'InvalidTarget') throw error;
    const [, ...lines] = error.message.split('\n');
    expect(error.details.problems).toEqual(lines.map((line) => line.trim()));
    return lines.map((line) => line.trim());
  }
  return [];
}

function problemsOfFile(...targets: unknown[]): string[] {
  return problemsOf(() => parseTargets(stringify({ targets }), 'targets.yaml'));
}

describe('a targets file', () => {
  test('A targets file is YAML or JSON, and means the same', () => {
    const input = { targets: [aTargetInput(), aTargetInput({ reloadCommand: 'a b' }, { id: 'web-2' })] };

    const yaml = parseTargets(stringify(input), 'targets.yaml');

    expect(yaml.targets.map(({ id }) => id)).toEqual(['web-1', 'web-2']);
    expect(parseTargets(JSON.stringify(input), 'targets.json')).toEqual(yaml);
    expect(parseTargets(JSON.stringify(input, null, '\t'), 'targets.json')).toEqual(yaml);
    expect(parseTargets(`\ufeff${JSON.stringify(input, null, 2)}`, 'targets.json')).toEqual(yaml);
  });

  test('A targets file may use anchors', () => {
    const text = `targets:
  - { id: a, certificate: x, host: local, kind: nginx, config: { certPath: /a, keyPath: /b }, verify: &v { endpoint: "h:1" } }
  - { id: b, certificate: x, host: local, kind: nginx, config: { certPath: /c, keyPath: /d }, verify: *v }`;

    const { targets } = parseTargets(text, 'targets.yaml');

    expect(targets[0]?.verify).toEqual(targets[1]?.verify);
  });

  test('A targets file names itself and counts in its error', () => {
    expect(() => parseTargets('targets: []', 'my/targets.yaml')).toThrow(
      /^my\/targets\.yaml has one problem:\n {2}targets: /,
    );
    expect(() => parseTargets('targets: [1, 2]', 't')).toThrow(/^t has 2 problems:\n/);
  });

  test('A targets file is refused with a key given twice, in YAML and in JSON', () => {
    expect(problemsOf(() => parseTargets('targets: []\ntargets: []', 't'))).toEqual([
      'duplicate key, at line 2, column 1',
    ]);
    expect(problemsOf(() => parseTargets('{"targets": [{"id": "a", "id": "b"}]}', 't'))).toEqual([
      expect.stringMatching(/^duplicate key, at line 1, column/),
    ]);
  });

  test.each([
    '',
    '[]',
    'a: [',
    'targets: !secret x',
    'targets: *nothing',
    'targets: []\n---\n{}',
    '\0',
    '{{}: 1}',
    '"',
  ])('A targets file that is none is refused: %j', (text) => {
    expect(problemsOf(() => parseTargets(text, 't'))).not.toEqual([]);
  });

  test('A targets file that multiplies itself is refused', () => {
    const levels = Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`);

    expect(problemsOf(() => parseTargets(['a0: &a0 [x]', ...levels].join('\n'), 't'))).toEqual([
      expect.stringContaining('alias'),
    ]);
  });

  test('Any targets file is either read or refused with an explanation', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => stringify(value)),
        ),
        (text) => {
          expect(problemsOf(() => parseTargets(text, 't'))).not.toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('A targets file lists every problem with its path, what is expected and what is there', () => {
    const bad = aTargetInput(
      {
        certPath: 'tls/a.pem',
        keyMode: 640,
        validateCommand: 'nginx -t | x',
        backupRetention: 99,
        shell: 'yes',
      },
      {
        id: 'a b',
        host: 'server1',
        verify: { endpoint: 'x', attempts: 0, protocol: 'tsl', successThreshold: 51 },
      },
    );

    expect(problemsOfFile(bad, { ...aTargetInput(), certificate: 7 }).sort()).toEqual(
      [
        'targets[0].id: expected letters, digits, ".", "_" and "-", at most 64 characters, got "a b"',
        'targets[0].host: expected local, local-<name>, lambda, i-… or mi-…, or <account>/<region>/i-… for a host in another account or region, got "server1"',
        'targets[0].verify.endpoint: expected host:port, such as 10.0.0.7:443, or {host}:443 for the address of the host itself, got "x"',
        'targets[0].verify.protocol: expected one of tls, smtp, imap, pop3, sieve, postgres, mysql, ldap, got "tsl"; did you mean tls?',
        'targets[0].verify.attempts: expected at least 1, got 0',
        'targets[0].verify.successThreshold: expected at most 50, got 51',
        'targets[0].config.certPath: expected an absolute path to a file, such as /etc/nginx/tls/privkey.pem, got "tls/a.pem"',
        'targets[0].config.keyMode: expected an octal string in quotes that gives others nothing, such as "0600" or "0640", got 640',
        'targets[0].config.validateCommand: expected a command without shell syntax; write its words as a list, or set shell: true, got "nginx -t | x"',
        'targets[0].config.backupRetention: expected at most 50, got 99',
        'targets[0].config.shell: expected true or false, got "yes"',
        'targets[1].certificate: expected a name such as api.example.com, got 7',
      ].sort(),
    );
  });

  test('A targets file names what is missing, and in which form it is wanted', () => {
    expect(
      problemsOfFile({ id: 'a', kind: 'files', config: {}, verify: { serverName: 'a' } }).sort(),
    ).toEqual(
      [
        'targets[0].certificate: is required: a name such as api.example.com',
        'targets[0].host: is required: local, local-<name>, lambda, i-… or mi-…, or <account>/<region>/i-… for a host in another account or region',
        'targets[0].verify.endpoint: is required: host:port, such as 10.0.0.7:443, or {host}:443 for the address of the host itself',
        'targets[0].config.certPath: is required: an absolute path to a file, such as /etc/nginx/tls/privkey.pem',
        'targets[0].config.keyPath: is required: an absolute path to a file, such as /etc/nginx/tls/privkey.pem',
        'targets[0].config.reloadCommand: is required: the command that makes the daemon read its files again (or reload: none, if it watches them)',
      ].sort(),
    );
  });

  test('A missing verify is reported as a required endpoint, or an explicit none', () => {
    const { verify, ...silent } = aTargetInput();

    expect(problemsOfFile(silent)).toEqual([
      'targets[0].verify: is required: an endpoint to probe, such as { endpoint: "10.0.0.7:443", serverName: api.example.com }, or none for no verification (verify: none)',
    ]);
    expect(problemsOfFile({ ...silent, verify: false })).toEqual([
      expect.stringMatching(
        /^targets\[0\]\.verify: expected an endpoint .* no verification \(verify: none\), got false$/,
      ),
    ]);
  });

  test.each([
    ['targets[0].config.keypath: unknown key; did you mean keyPath?', aTargetInput({ keypath: '/x' })],
    ['targets[0].config.cert_path: unknown key; did you mean certPath?', aTargetInput({ cert_path: '/x' })],
    ['targets[0].hots: unknown key; did you mean host?', aTargetInput({}, { hots: 'local' })],
    [
      'targets[0].verify.adresses: unknown key; did you mean addresses?',
      aTargetInput({}, { verify: { endpoint: 'a:1', adresses: 'all' } }),
    ],
    [
      'targets[0].zebra: unknown key; known keys: id, certificate, host, autoHeal, onDeployed, window, verify, kind, config',
      aTargetInput({}, { zebra: 1 }),
    ],
    ['targets[0]["a key"]: unknown key; known keys: id', aTargetInput({}, { 'a key': 1 })],
  ])('A targets file suggests the near key: %s', (expected, target) => {
    expect(problemsOfFile(target)).toEqual([expect.stringContaining(expected)]);
  });

  test('A targets file lists the kinds and suggests the near one', () => {
    const kinds = targetKinds.join(', ');
    expect(problemsOfFile(aTargetInput({}, { kind: 'ngnix' }))).toEqual([
      `targets[0].kind: expected one of ${kinds}, got "ngnix"; did you mean nginx?`,
    ]);
    expect(problemsOfFile(aTargetInput({}, { kind: 'solaris' }))).toEqual([
      `targets[0].kind: expected one of ${kinds}, got "solaris"`,
    ]);
    expect(problemsOfFile({ id: 'a' })).toEqual([`targets[0].kind: is required: one of ${kinds}`]);
  });

  test('A targets file refuses one id twice, among its other problems', () => {
    const problems = problemsOfFile(aTargetInput(), aTargetInput({ keyPath: 'x' }), aTargetInput());

    expect(problems).toEqual([
      expect.stringMatching(/^targets\[1\]\.config\.keyPath: expected an absolute path/),
      'targets[1].id: "web-1" is already the id of targets[0]',
      'targets[2].id: "web-1" is already the id of targets[0]',
    ]);
  });

  test.each([
    ['targets[0].host.tagz: unknown key; did you mean tags?', { tagz: { app: 'web' } }],
    ['targets[0].host.tags: expected at least one tag, got {}', { tags: {} }],
    [
      'targets[0].host.acount: unknown key; did you mean account?',
      { autoScalingGroup: 'web', acount: '123456789012' },
    ],
    [
      'targets[0].host.account: expected an account id of 12 digits, in quotes, got 12',
      { tags: { app: 'web' }, account: 12 },
    ],
  ])('Wrong host selectors are reported: %s', (expected, host) => {
    expect(problemsOfFile(aTargetInput({}, { host }))).toContain(expected);
  });

  test('A targets file refuses ids that would be those of the members of a target on several hosts', () => {
    const longOnSeveral = { id: 'a'.repeat(41), host: { tags: { app: 'web' } } };

    expect(problemsOfFile(aTargetInput({}, { id: 'web.i-0123456789abcdef0' }))).toEqual([
      expect.stringContaining('an id that does not end with a host id'),
    ]);
    expect(problemsOfFile(aTargetInput({}, longOnSeveral))).toEqual([
      expect.stringContaining('at most 40 characters for a target on several hosts'),
    ]);
  });

  test('A targets file names what is wrong with a certificate, and refuses one name twice', () => {
    const certificates = [
      { name: 'a.test', strategy: { waves: ['10%'], maxConcurency: 3 }, source: { kind: 'acme' } },
      { name: 'a.test', serviceEndpoints: [{ endpoint: 'x' }], window: {} },
    ];
    const text = stringify({ certificates, targets: [aTargetInput()] });

    expect(problemsOf(() => parseTargets(text, 't')).sort()).toEqual(
      [
        'certificates[0].strategy.waves: expected a last wave of "100%", got ["10%"]',
        'certificates[0].strategy.maxConcurency: unknown key; did you mean maxConcurrency?',
        'certificates[0].source.kind: expected one of secretsmanager, acm, s3, parameter, got "acme"; did you mean acm?',
        'certificates[1].serviceEndpoints[0].endpoint: expected host:port, such as 10.0.0.7:443 or [::1]:8443, got "x"',
        'certificates[1].window: unknown key; known keys: name, source, strategy, serviceEndpoints',
        'certificates[1].name: "a.test" is already the name of certificates[0]',
      ].sort(),
    );
  });

  test('A targets file has certificates with their strategies, and targets on many hosts with their windows', () => {
    const { certificates, targets } = parseTargets(
      stringify({
        certificates: [
          {
            name: 'api.example.com',
            source: { kind: 'secretsmanager', secretId: 'certferry/api' },
            strategy: { waves: [1, '100%'], toleratedFailures: '5%' },
            serviceEndpoints: [{ endpoint: 'api.example.com:443' }],
          },
        ],
        targets: [
          aTargetInput(
            {},
            {
              host: { autoScalingGroup: 'web' },
              verify: { endpoint: '{host}:443' },
              window: { days: ['sun'], from: '02:00', to: '04:00', timeZone: 'Europe/Paris' },
              autoHeal: true,
            },
          ),
        ],
      }),
      't',
    );

    expect(certificates).toMatchObject([{ strategy: { waves: [1, '100%'], toleratedFailures: '5%' } }]);
    expect(targets).toMatchObject([{ host: { autoScalingGroup: 'web' }, autoHeal: true }]);
  });

  test('A targets file does not take a key of Object.prototype for one of its own', () => {
    expect(problemsOf(() => parseTargets('{"__proto__": {"targets": []}}', 't'))).not.toEqual([]);
    expect(problemsOfFile(aTargetInput({}, { constructor: 1 }))).toEqual([
      expect.stringContaining('targets[0].constructor: unknown key'),
    ]);
  });
});

describe('one target', () => {
  test('A single target is named in its error, with paths from itself', () => {
    const attempt = () => parseTarget(aTargetInput({ keyPath: 'x' }));

    expect(attempt).toThrow(/^target web-1 has one problem:\n {2}config\.keyPath: expected an absolute path/);
    expect(problemsOf(() => parseTarget(null))).toEqual(['expected an object with named fields, got null']);
  });

  test('A single target does not repeat a long value in full', () => {
    const [problem = ''] = problemsOf(() => parseTarget(aTargetInput({ keyPath: 'x'.repeat(500) })));

    expect(problem.length).toBeLessThan(200);
  });
});
