import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { targetKinds } from '../../core/target/target.ts';
import { captured } from './capture.ts';
import { aTarget } from './finished.ts';

const commands = ['deploy', 'rollback', 'history', 'inspect', 'check', 'probe', 'schema', 'demo'];

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

describe('wrong usage', () => {
  test.each([
    ['an unknown command', ['deplyo'], 'Did you mean deploy?'],
    ['an unknown option', ['history', '--locale'], "unknown option '--locale'"],
    ['a missing option', ['deploy', '--local'], "required option '--targets <file>' not specified"],
    [
      'a protocol there is not',
      ['probe', 'a.test:25', '--protocol', 'smpt'],
      'Allowed choices are tls, smtp',
    ],
    ['an endpoint without a port', ['probe', 'a.test'], 'Say host:port'],
    ['a fingerprint that is none', ['probe', 'a.test:443', '--expect', 'sha256:12'], '64 hexadecimal digits'],
    ['a kind there is not', ['schema', 'ngnix'], 'there are: nginx'],
    ['no --local', ['history'], 'aws stepfunctions start-execution'],
  ])('is told: %s', async (_what, args, complaint) => {
    const { code, out, err } = await captured(...args);

    expect(err).toContain(complaint);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('without any argument shows the help', async () => {
    const { code, err } = await captured();

    expect(code).toBe(2);
    expect(err).toContain('Usage: certferry');
  });

  test('is one JSON document on standard output with --json, whoever finds it', async () => {
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

  test('of a targets file is told with every problem it has', async () => {
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

  test('is told before a bundle is looked at when the deployment is not for this machine', async () => {
    const { code, err } = await captured(...deployment());

    expect(code).toBe(2);
    expect(err).toContain('docs/deploying.md');
  });
});

describe('help', () => {
  test.each(commands)('of %s has examples to copy', async (command) => {
    const { code, out } = await captured(command, '--help');

    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`\\$ certferry ${command}`));
  });

  test('names every command', async () => {
    const { code, out } = await captured('--help');

    expect(code).toBe(0);
    for (const command of commands) expect(out).toContain(`  ${command} `);
  });
});

describe('the schema', () => {
  test('is printed of a targets file, and of a target of each kind', async () => {
    for (const kind of [undefined, ...targetKinds]) {
      const { code, out } = await captured('schema', ...(kind === undefined ? [] : [kind]));

      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });
});
