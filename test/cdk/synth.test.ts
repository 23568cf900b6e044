import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { tasks } from '../../cdk/functions/tasks.ts';

const root = join(import.meta.dirname, '..', '..');
const output = mkdtempSync(join(tmpdir(), 'certferry-synth-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));

/** A namespace without a network, where this user may make one. */
const offline = ['unshare', '--net', '--map-root-user'];
const canBeOffline = spawnSync('unshare', [...offline.slice(1), 'true']).status === 0;

function cdk(...args: string[]) {
  const command = [
    ...(canBeOffline ? offline : []),
    'node',
    join(root, 'node_modules/aws-cdk/bin/cdk'),
    ...args,
  ];
  const [program = '', ...rest] = command;
  return spawnSync(program, rest, {
    cwd: root,
    encoding: 'utf8',
    // no AWS_*, no home with a configuration: only the way to this Node
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: output,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
  });
}

describe('cdk synth', () => {
  const folder = join(output, 'assembly');
  let ended: ReturnType<typeof cdk>;
  beforeAll(() => {
    ended = cdk('synth', '--quiet', '-c', 'runtime=host', '--output', folder);
  });

  test('cdk synth makes the stack without account, credentials or network', () => {
    expect(ended).toMatchObject({ status: 0 });
    expect(readdirSync(folder)).toContain('Certferry.template.json');
  });

  test('cdk synth brings the code that was built', () => {
    const assets = JSON.parse(readFileSync(join(folder, 'Certferry.assets.json'), 'utf8'));
    const handlers = Object.values<{ source: { path: string; packaging: string } }>(assets.files)
      .filter(({ source }) => source.packaging === 'zip')
      .map(({ source }) => readFileSync(join(folder, source.path, 'index.mjs'), 'utf8'));

    // all but the one that only links in messages need
    expect(handlers).toHaveLength(Object.keys(tasks).length - 1);
    expect(handlers.every((code) => /export\s*\{[^}]*\bhandler\b/.test(code))).toBe(true);
  });
});
