import { describe, expect, test } from 'vitest';
import { isCertferryError } from '../../../core/errors.ts';
import { parseTarget } from '../../../core/targets/parse.ts';
import { aTargetInput } from './targets.ts';

const paths = { certPath: '/etc/caddy/tls/fullchain.pem', keyPath: '/etc/caddy/tls/privkey.pem' };

function parsed(config: object): unknown {
  return parseTarget(aTargetInput({ ...paths, ...config }, { kind: 'caddy' })).config;
}

function problems(config: object): readonly string[] {
  try {
    parsed(config);
    return [];
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    return error.details.problems as readonly string[];
  }
}

describe('a target of kind caddy', () => {
  test('A target of kind caddy installs files unless it is configured otherwise', () => {
    expect(parsed({})).toMatchObject({ mode: 'file', ...paths });
    expect(parsed({ adapter: 'yaml', configPath: '/etc/caddy/caddy.yaml' })).toMatchObject({ mode: 'file' });
  });

  test('A target of kind caddy is the same when it is parsed again', () => {
    const once = parsed({ mode: 'api', loader: 'load_pem', tag: 'www', validateCommand: 'caddy version' });

    expect(parsed(once as object)).toEqual(once);
  });

  test.for([
    [{ mode: 'api', configPath: '/etc/caddy/Caddyfile' }, 'config.configPath: expected no configPath'],
    [{ mode: 'api', adapter: 'yaml' }, 'config.adapter: expected no adapter without mode: file'],
    [{ mode: 'api', reloadCommand: 'true' }, 'config.reloadCommand: expected no reloadCommand'],
    [{ loader: 'load_pem' }, 'config.loader: expected no loader without mode: api'],
    [{ mode: 'api', tag: 'www' }, 'config.tag: expected no tag without loader: load_pem'],
  ] as const)(
    'A target of kind caddy has no field that its mode makes nothing of: %j',
    ([config, problem]) => {
      expect(problems(config).join('\n')).toContain(problem);
    },
  );

  test('A target of kind caddy speaks to an admin API of this machine alone', () => {
    for (const adminAddress of ['localhost:2019', '127.0.0.1:29019', '[::1]:2019', 'unix//run/caddy.sock']) {
      expect(problems({ mode: 'api', adminAddress })).toEqual([]);
    }
    for (const adminAddress of [
      '10.0.0.7:2019',
      'http://localhost:2019',
      'localhost',
      'unix/run/caddy.sock',
      ':2019',
    ]) {
      expect(problems({ mode: 'api', adminAddress })).toEqual([
        expect.stringContaining('config.adminAddress: expected an admin address on this machine'),
      ]);
    }
  });
});
