import { describe, expect, test } from 'vitest';
import { desiredChange } from '../../agent-scripts/connectors/connectors.ts';
import { aBundle } from '../fixtures/bundle.ts';
import { aTarget } from './run-agent.ts';

async function sandboxOf(config: object): Promise<readonly string[] | null> {
  const files = { certPath: '/tls/cert.pem', keyPath: '/tls/key.pem', rehearse: true };
  const { sandbox } = await desiredChange(aTarget('nginx', { ...files, ...config }), aBundle, 'debian');
  return sandbox;
}

const prefixed = ['nginx', '-p', '/srv/a'];

describe('the sandboxed instance of nginx', () => {
  test.each([
    ['the prefix of the check', { validateCommand: 'nginx -p /srv/a -t' }, prefixed],
    ['the prefix of the reload', { reloadCommand: 'nginx -p /srv/a -s reload' }, prefixed],
    [
      'the prefix of a reload beside a check by script',
      { validateCommand: 'check-nginx', reloadCommand: 'nginx -s reload -p /srv/a' },
      prefixed,
    ],
    ['options that share a word', { validateCommand: 'nginx -tqp /srv/a' }, prefixed],
    ['a value in the word of its option', { validateCommand: 'nginx -p/srv/a -T' }, prefixed],
    ['a command line for a shell', { shell: true, validateCommand: 'nginx -p /srv/a -t' }, prefixed],
    [
      'another program',
      { validateCommand: '/opt/openresty/bin/openresty -p /srv/a -t' },
      ['/opt/openresty/bin/openresty', '-p', '/srv/a'],
    ],
    [
      'configuration, directives and log',
      { validateCommand: ['nginx', '-c', '/srv/n.conf', '-g', 'env A;', '-e', '/srv/e.log', '-t'] },
      ['nginx', '-c', '/srv/n.conf', '-g', 'env A;', '-e', '/srv/e.log'],
    ],
    [
      'configPath instead of the file of the command',
      { configPath: '/srv/b.conf', validateCommand: 'nginx -p /srv/a -c /srv/a.conf -t' },
      [...prefixed, '-c', '/srv/b.conf'],
    ],
    [
      'configPath if no command is one of nginx',
      { configPath: '/srv/b.conf', validateCommand: 'true', reloadCommand: 'systemctl reload nginx' },
      ['nginx', '-c', '/srv/b.conf'],
    ],
    [
      'no option if a command has shell syntax',
      { shell: true, validateCommand: 'cd /srv && nginx -p a -t' },
      ['nginx'],
    ],
    ['no option if a command has an unknown one', { validateCommand: 'nginx -p /srv/a -x' }, ['nginx']],
    ['no option if a value is missing', { validateCommand: 'nginx -t -p' }, ['nginx']],
  ])('The sandboxed instance of nginx starts with %s', async (_, config, expected) => {
    expect(await sandboxOf(config)).toEqual(expected);
  });
});
