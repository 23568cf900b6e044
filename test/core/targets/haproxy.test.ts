import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { desiredChange } from '../../../agent-scripts/connectors/connectors.ts';
import { parseTargets } from '../../../core/registry/targets-file.ts';
import { parseTarget } from '../../../core/targets/parse.ts';
import type { FileTarget } from '../../../core/targets/target.ts';
import { bundleOf } from '../../agent-scripts/run-agent.ts';
import { aVersion } from '../../fixtures/certificates.ts';

const pemPath = '/etc/haproxy/tls/site.pem';
const runtime = { pemPath, mode: 'runtime', statsSocket: '/run/haproxy/admin.sock' };

function haproxyTarget(config: object) {
  return parseTarget({
    id: 'lb-1',
    certificate: 'www.example.com',
    host: 'local',
    kind: 'haproxy',
    config,
    verify: 'none',
  }) as FileTarget;
}

function problemsOf(config: object): string {
  try {
    haproxyTarget(config);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

async function changeOf(config: object) {
  return desiredChange(haproxyTarget(config), bundleOf(await aVersion()), 'debian');
}

describe('a target of kind haproxy', () => {
  test('A target of kind haproxy needs no more than a path, and is checked and reloaded as its package has it', async () => {
    const { files, validate, activate, sandbox } = await changeOf({ pemPath });

    expect(files.map(({ role, path }) => ({ role, path }))).toEqual([{ role: 'combined', path: pemPath }]);
    expect(validate).toEqual(['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg']);
    expect(activate).toEqual({ kind: 'command', argv: ['systemctl', 'reload', 'haproxy'] });
    expect(sandbox).toBe(null);
  });

  test('A target of kind haproxy is checked and rehearsed with all that haproxy is started with', async () => {
    const configPath = ['/etc/haproxy/haproxy.cfg', '/etc/haproxy/conf.d'];
    const { validate, sandbox } = await changeOf({ pemPath, configPath, rehearse: true });

    const files = ['-f', '/etc/haproxy/haproxy.cfg', '-f', '/etc/haproxy/conf.d'];
    expect(validate).toEqual(['haproxy', '-c', ...files]);
    expect(sandbox).toEqual(['haproxy', '-db', ...files]);
  });

  test('A target of kind haproxy has leaf, intermediates and key in one file, in this order', async () => {
    const version = await aVersion();
    const { files } = await desiredChange(haproxyTarget({ pemPath }), bundleOf(version), 'debian');

    expect(files.map(({ content }) => content)).toEqual([version.fullchainPem + version.keyPem]);
  });

  test('A target of kind haproxy puts the key into a file of its own where there is one, just before the certificate', async () => {
    const { files } = await changeOf({ pemPath, keyPath: `${pemPath}.key` });

    expect(files.map(({ role, path }) => ({ role, path }))).toEqual([
      { role: 'privateKey', path: `${pemPath}.key` },
      { role: 'certificate', path: pemPath },
    ]);
  });

  test('A target of kind haproxy is known to haproxy by its path, or by the name that is given', async () => {
    const byPath = await changeOf(runtime);
    const byName = await changeOf({ ...runtime, crtName: '@store/site' });

    expect(byPath.activate).toMatchObject({ kind: 'haproxyRuntime', name: pemPath, keyPath: null });
    expect(byName.activate).toMatchObject({ kind: 'haproxyRuntime', name: '@store/site', pemPath });
  });

  test('A target of kind haproxy keeps no secret in what it writes down of an activation', async () => {
    const version = await aVersion();
    const { activate } = await desiredChange(haproxyTarget(runtime), bundleOf(version), 'debian');

    expect(JSON.stringify(activate)).not.toMatch(/BEGIN|PRIVATE/);
  });

  test.each([
    ['one file for two', { pemPath, keyPath: pemPath }, 'another file than pemPath'],
    ['a runtime without a socket', { pemPath, mode: 'runtime' }, 'level admin'],
    ['a reload that would not happen', { ...runtime, reloadCommand: 'true' }, 'does not reload'],
    ['a path with a space in runtime mode', { ...runtime, pemPath: '/etc/my certs/a.pem' }, 'a crtName'],
    ['a name that would be two commands', { ...runtime, crtName: 'a;show' }, '`show ssl cert` lists it'],
    ['a name that would be two lines', { ...runtime, crtName: 'a\nb' }, '`show ssl cert` lists it'],
    ['a name of what is not committed', { ...runtime, crtName: '*a.pem' }, '`show ssl cert` lists it'],
  ])('A target of kind haproxy refuses %s', (_, config, problem) => {
    expect(problemsOf(config)).toContain(problem);
  });

  test('A target of kind haproxy may have a path with a space where haproxy is given a name for it, or reads it itself', () => {
    const spaced = '/etc/my certs/a.pem';

    expect(problemsOf({ pemPath: spaced })).toBe('');
    expect(problemsOf({ ...runtime, pemPath: spaced, crtName: 'a.pem' })).toBe('');
  });

  test('A target of kind haproxy is written in its page as it can be pasted', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../../docs/targets/haproxy.md'), 'utf8');
    const samples = [...page.matchAll(/```yaml\n(targets:[\s\S]*?)```/g)].map(([, sample = '']) => sample);

    expect(samples.length).toBeGreaterThan(1);
    for (const sample of samples) {
      expect(parseTargets(sample, 'haproxy.md').targets.map(({ kind }) => kind)).toContain('haproxy');
    }
  });
});
