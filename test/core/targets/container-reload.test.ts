import { expect, test } from 'vitest';
import { parseTarget } from '../../../core/targets/parse.ts';

const base = { id: 'web-1', certificate: 'www.example.test', host: 'local', verify: 'none' };
const files = { certPath: '/srv/tls/cert.pem', keyPath: '/srv/tls/key.pem' };
const parse = (kind: string, config: object) => parseTarget({ ...base, kind, config }).config;
const problem = (kind: string, config: object): string => {
  try {
    parse(kind, config);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test.each([
  ['nginx', files, 'HUP'],
  ['apache', files, 'USR1'],
  ['haproxy', { pemPath: '/srv/tls/site.pem' }, 'USR2'],
  ['dovecot', files, 'HUP'],
  ['postfix', files, 'HUP'],
  ['files', files, 'HUP'],
  ['files', { preset: 'postgresql' }, 'HUP'],
])('A %s in a container is reloaded with the signal of its kind', (kind, config, signal) => {
  const parsed = parse(kind, { ...config, reload: { container: 'web' } });
  expect(parsed).toMatchObject({ reload: { container: 'web', signal } });
  expect(parsed).not.toHaveProperty('reloadCommand');
  expect(parse(kind, parsed)).toEqual(parsed);
});

test.each([
  [
    'a signal that stops the daemon',
    'nginx',
    { reload: { container: 'web', signal: 'KILL' } },
    'one of HUP, USR1, USR2',
  ],
  ['a path as the name', 'nginx', { reload: { container: '../web' } }, 'the name of a container'],
  [
    'a relative socket',
    'nginx',
    { reload: { container: 'web', socket: 'docker.sock' } },
    'config.reload.socket: expected an absolute path',
  ],
  [
    'a reloadCommand too',
    'nginx',
    { reload: { container: 'web' }, reloadCommand: 'nginx -s reload' },
    'either reload or a reloadCommand',
  ],
  [
    'a rehearsal',
    'nginx',
    { reload: { container: 'web' }, rehearse: true },
    'config.rehearse: expected false',
  ],
  ['a misspelled field', 'nginx', { reload: { contaner: 'web' } }, 'did you mean container?'],
  ['a kind that watches its files', 'traefik', { reload: { container: 'web' } }, 'unknown key'],
])('A target with a container and %s is refused', (_what, kind, config, text) => {
  expect(problem(kind, { ...files, ...config })).toContain(text);
});

test('A haproxy with mode runtime has no container to reload', () => {
  const config = {
    pemPath: '/a/site.pem',
    mode: 'runtime',
    statsSocket: '/run/h.sock',
    reload: { container: 'lb' },
  };
  expect(problem('haproxy', config)).toContain('config.reload: expected no reload with mode: runtime');
});

test('A preset that no signal reloads names the way to reload it in a container', () => {
  expect(problem('files', { preset: 'redis', reload: { container: 'cache' } })).toContain(
    'config.reload: expected no container with redis, which a signal does not reload: set a reloadCommand',
  );
});
