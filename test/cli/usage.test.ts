import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeError } from '../../cli/terminal/errors.ts';
import { captured } from './capture.ts';
import { aTarget } from './finished.ts';

const commands = [
  ...['deploy', 'rollback', 'rollout', 'rollouts', 'halt', 'approve', 'sweep', 'targets', 'doctor'],
  ...['history', 'inspect', 'check', 'probe', 'schema', 'demo'],
];

let folder: string;
let targets: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  targets = join(folder, 'targets.json');
  writeFileSync(targets, JSON.stringify({ targets: [aTarget()] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const deployment = (...more: string[]) => [
  ...['deploy', '--targets', targets, '--certificate', 'api.example.com'],
  ...['--cert', join(folder, 'cert.pem'), ...more],
];

describe('more at a time than this machine runs', () => {
  test('More at a time than this machine runs is warned of, and does not change anything', async () => {
    const where = ['rollout', '--local', '--state', join(folder, 'state')].concat([
      ...['--targets', targets, '--certificate', 'api.example.com'],
    ]);
    const bundle = ['--cert', join(folder, 'cert.pem')];

    const more = await captured(...where, ...bundle, '--max-concurrency', '50');
    const enough = await captured(...where, ...bundle, '--max-concurrency', '16');

    expect(more.err).toContain(
      'warning: --max-concurrency 50: local mode runs at most 16 deployments at once',
    );
    expect(enough.err).not.toContain('warning');
  });
});

describe('wrong usage', () => {
  test.each([
    ['an unknown command', ['deplyo'], 'Did you mean deploy?'],
    ['help for an unknown command', ['help', 'deplyo'], "unknown command 'deplyo'\n(Did you mean deploy?)"],
    ['an unknown option', ['history', '--locale'], "unknown option '--locale'"],
    ['a missing option', ['deploy', '--local'], "required option '--certificate <name>' not specified"],
    [
      'no targets file here',
      ['deploy', '--local', '--certificate', 'a.test'],
      '--targets is required with --local',
    ],
    ['no bundle here', ['rollout', '--local', '--certificate', 'a.test'], '--cert is required with --local'],
    [
      'a bundle for a stack',
      ['rollout', '--stack', 's', '--cert', 'c.pem'],
      '--cert cannot be used with --stack',
    ],
    ['no certificate for a stack', ['rollout', '--stack', 's'], '--certificate is required with --stack'],
    [
      'no target for a stack',
      ['deploy', '--stack', 's', '--certificate', 'a.test'],
      '--target is required with --stack: "certferry rollout" deploys to all targets of a certificate',
    ],
    [
      'what was settled before',
      ['rollout', '--local', '--resume', 'r', '--waves', '1,100%'],
      '--waves cannot be used with --resume',
    ],
    ['following here', ['rollout', '--local', '--follow', 'r'], 'a local rollout ends with its process'],
    [
      'a version of a bundle that is here',
      ['rollout', '--local', '--certificate', 'a.test', '--to', 'current'],
      '--to cannot be used with --local',
    ],
    [
      'a fingerprint that was cut short',
      ['rollout', '--stack', 's', '--certificate', 'a.test', '--to', 'sha256:12ab'],
      '"certferry history --json" prints it in full',
    ],
    [
      'a version that was not rolled out, for one target',
      ['deploy', '--stack', 's', '--certificate', 'a.test', '--target', 'web', '--to', 'latest'],
      '"certferry rollout --to latest"',
    ],
    [
      'putting back what has not begun',
      ['rollout', '--stack', 's', '--certificate', 'a.test', '--rollback'],
      'Use --on-halt rollback',
    ],
    [
      'a bundle for the way back',
      ['rollout', '--local', '--resume', 'r', '--rollback', '--cert', 'c.pem'],
      '--cert cannot be used with --rollback',
    ],
    [
      'how long to wait for an answer that was settled before',
      ['rollout', '--local', '--resume', 'r', '--approval-timeout', '3600'],
      '--approval-timeout cannot be used with --resume',
    ],
    [
      'too short a time for an answer',
      ['rollout', '--stack', 's', '--certificate', 'a.test', '--approval-timeout', '5'],
      '--approval-timeout: ',
    ],
    [
      'two parts of a history',
      ['history', '--local', '--target', 'web', '--rollout', 'r'],
      '--target, --certificate and --rollout exclude each other',
    ],
    ['a state folder for a stack', ['history', '--stack', 's', '--state', 'x'], '--state needs --local'],
    [
      'what is never healed here',
      ['sweep', '--local', '--no-heal'],
      '--no-heal cannot be used with --local: local mode never heals',
    ],
    ['both places', ['history', '--local', '--stack', 's'], '--local and --stack exclude each other'],
    ['a region here', ['history', '--local', '--region', 'eu-west-1'], '--region and --profile need --stack'],
    ['a doctor of nothing', ['doctor'], 'doctor needs --local (this machine) or --stack NAME'],
    ['a doctor of other hosts', ['doctor', '--local', '--hosts'], '--hosts cannot be used with --local'],
    [
      'targets to apply here',
      ['targets', 'apply', 'f', '--local'],
      'targets apply cannot be used with --local',
    ],
    ['no target to remove', ['targets', 'remove', '--local'], 'targets remove needs the id of a target'],
    ['no file to apply', ['targets', 'apply', '--stack', 's'], 'targets apply needs a targets file'],
    ['a wave that is none', ['approve', '--local', 'r', '--wave', 'x'], 'Waves are numbered from 1'],
    [
      'a protocol there is not',
      ['probe', 'a.test:25', '--protocol', 'smpt'],
      'Allowed choices are tls, smtp',
    ],
    ['an endpoint without a port', ['probe', 'a.test'], 'Use host:port'],
    ['a fingerprint that is none', ['probe', 'a.test:443', '--expect', 'sha256:12'], '64 hexadecimal digits'],
    ['a kind there is not', ['schema', 'ngnix'], 'Kinds: nginx'],
    ['no place', ['history'], 'history needs --local (this machine) or --stack NAME'],
  ])('Wrong usage is reported: %s', async (_what, args, complaint) => {
    const { code, out, err } = await captured(...args);

    expect(err).toContain(complaint);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('Wrong usage without any argument shows the help', async () => {
    const { code, err } = await captured();

    expect(code).toBe(2);
    expect(err).toContain('Usage: certferry');
  });

  test('With --json, wrong usage is one JSON document on standard output, also when the parser of options finds it', async () => {
    for (const args of [
      ['history'],
      ['inspect', '--local'],
      deployment('--local'),
      ['check', 'nowhere.pem'],
    ]) {
      const { code, out } = await captured(...args, '--json');

      expect(code).toBe(2);
      expect(JSON.parse(out)).toEqual({ error: { name: 'UsageError', message: expect.any(String) } });
    }
  });

  test('Wrong usage of a targets file is reported with all of its problems', async () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(
      path,
      'targets:\n  - { id: web-1, certificate: a.test, host: here, kind: nginx, config: {} }\n',
    );

    const { code, err } = await captured('rollback', '--local', '--targets', path, '--target', 'web-1');

    expect(code).toBe(2);
    expect(err).toContain('InvalidTarget');
    expect(err).toContain('certPath');
  });

  test('A missing backend is reported before the bundle is read', async () => {
    const bundle = ['--cert', '/nonexistent/cert.pem'];
    const { code, err } = await captured('deploy', '--certificate', 'api.example.com', ...bundle);

    expect(code).toBe(2);
    expect(err).toContain('deploy needs --local (this machine) or --stack NAME');
  });

  test('Wrong usage of a strategy is reported option by option', async () => {
    const { code, err } = await captured(
      ...[
        'rollout',
        '--local',
        '--targets',
        targets,
        '--certificate',
        'api.example.com',
        '--cert',
        'none.pem',
      ],
      ...[
        '--waves',
        '1,20',
        '--pause',
        'long',
        '--splay',
        '1.5',
        '--tolerated-failures',
        '5 %',
        '--max-concurrency',
        '0',
      ],
    );

    expect(code).toBe(2);
    expect(err.split('\n').sort()).toEqual([
      '--max-concurrency: expected at least 1, got 0',
      '--pause: expected a number, got "long"',
      '--splay: expected a whole number, got 1.5',
      '--tolerated-failures: expected a percentage, such as "10%", got "5 %"',
      '--waves: expected a last wave of "100%", got [1,20]',
      'Served now: as before. This command has changed no host.',
    ]);
  });
});

describe('an error of AWS', () => {
  const named = (name: string, message: string) => Object.assign(new Error(message), { name });

  test.each([
    [new Error('Region is missing'), 'Use --region, or set AWS_REGION'],
    [named('CredentialsProviderError', 'Could not load credentials from any providers'), '(--profile)'],
    [named('ExpiredToken', 'The security token included in the request is expired'), 'Sign in again'],
    [Object.assign(new Error('getaddrinfo ENOTFOUND a.test'), { code: 'ENOTFOUND' }), '(--region)'],
  ])('An error of AWS is reported with the next step: %s', (error, advice) => {
    const { message } = describeError(error);

    expect(message).toContain(error.message);
    expect(message).toContain(advice);
  });
});

describe('help', () => {
  test('Help does not show how an empty list is written', async () => {
    const { out } = await captured('help', 'deploy');

    expect(out).toContain('(default: all targets)');
    expect(out).not.toContain('[])');
  });

  test.each(commands)('Help of %s has examples to copy', async (command) => {
    const { code, out } = await captured(command, '--help');

    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`\\$ certferry ${command}`));
  });

  test('Help of a command is the same however it is asked for', async () => {
    expect(await captured('help', 'deploy')).toEqual(await captured('deploy', '--help'));
    expect(await captured('help')).toEqual(await captured('--help'));
  });

  test('Help names every command', async () => {
    const { code, out } = await captured('--help');

    expect(code).toBe(0);
    for (const command of commands) expect(out).toContain(`  ${command} `);
  });
});
