import { describe, expect, test } from 'vitest';
import { type PresetName, presetNames, presets } from '../../../core/targets/kinds/file-presets.ts';
import { parseTarget } from '../../../core/targets/parse.ts';
import { Target, type TargetOf } from '../../../core/targets/target.ts';

function filesTarget(config: object, verify: unknown = 'none'): unknown {
  return { id: 'db-1', certificate: 'db.example.com', host: 'local', kind: 'files', config, verify };
}

function parsed(config: object, verify?: unknown): TargetOf<'files'> {
  return parseTarget(filesTarget(config, verify)) as TargetOf<'files'>;
}

function problems(config: object): string {
  try {
    parseTarget(filesTarget(config));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** What a config needs besides the preset's name. */
const besides = (preset: PresetName): object =>
  preset === 'tomcat' ? { reloadCommand: 'systemctl restart tomcat10' } : {};

describe.each(presetNames)('preset %s', (preset) => {
  test('A preset provides paths, reload and protocol, and is the same when it is parsed again', () => {
    const target = parsed({ preset, ...besides(preset) }, { endpoint: '10.0.0.7:7000' });

    expect(target.config).toMatchObject({
      certPath: presets[preset].certPath,
      keyPath: presets[preset].keyPath,
      reloadCommand: expect.arrayContaining([expect.any(String)]),
    });
    expect(target.verify).toMatchObject({ protocol: presets[preset].protocol });
    expect(parseTarget(JSON.parse(JSON.stringify(target)))).toEqual(target);
  });

  test('Configuration fields take precedence over a preset', () => {
    const said = { certPath: '/a/cert.pem', keyPath: '/a/key.pem', reloadCommand: ['tell', 'it'] };

    const target = parsed({ preset, ...said }, { endpoint: '10.0.0.7:7000', protocol: 'ldap' });

    expect(target.config).toMatchObject(said);
    expect(target.verify).toMatchObject({ protocol: 'ldap' });
    expect(parsed({ preset, reload: 'none' }).config.reloadCommand).toBeUndefined();
  });
});

test.each([
  [
    'postgresql',
    { socket: '/run/pg', port: 5433 },
    'runuser -u postgres -- psql -X -d postgres -h /run/pg -p 5433 -c SELECT pg_reload_conf()',
  ],
  ['postgresql', {}, 'runuser -u postgres -- psql -X -d postgres -c SELECT pg_reload_conf()'],
  ['mysql', { socket: '/run/m.sock' }, 'mysql --protocol=socket -S /run/m.sock -e ALTER INSTANCE RELOAD TLS'],
  ['mariadb', { socket: '/run/m.sock' }, 'mariadb --protocol=socket -S /run/m.sock -e FLUSH SSL'],
  [
    'redis',
    { socket: '/run/r.sock' },
    'redis-cli -e -s /run/r.sock CONFIG SET tls-cert-file /etc/ssl/redis/fullchain.pem tls-key-file /etc/ssl/redis/privkey.pem',
  ],
  [
    'redis',
    { port: 6380 },
    'redis-cli -e -p 6380 CONFIG SET tls-cert-file /etc/ssl/redis/fullchain.pem tls-key-file /etc/ssl/redis/privkey.pem',
  ],
  ['mosquitto', {}, 'systemctl reload mosquitto'],
  ['mosquitto', { pidFile: '/run/m.pid' }, 'pkill -HUP -F /run/m.pid'],
  ['rabbitmq', { node: 'rabbit@mq-1' }, 'rabbitmqctl -n rabbit@mq-1 eval ssl:clear_pem_cache().'],
] as const)('%s with the instance %j is reloaded by a plain command line', (preset, instance, words) => {
  expect(parsed({ preset, instance }).config.reloadCommand?.join(' ')).toBe(words);
});

test('The preset of redis uses the paths of the target', () => {
  const { reloadCommand } = parsed({ preset: 'redis', certPath: '/a/c.pem', keyPath: '/a/k.pem' }).config;

  expect(reloadCommand?.slice(-4)).toEqual(['tls-cert-file', '/a/c.pem', 'tls-key-file', '/a/k.pem']);
});

test.each([
  [{ preset: 'postgres' }, 'config.preset: expected one of postgresql, mysql, mariadb, redis'],
  [{ preset: 'postgres' }, 'did you mean postgresql?'],
  [
    { preset: 'mariadb', instance: { pidFile: '/run/x.pid' } },
    'config.instance: expected socket only, with mariadb, got',
  ],
  [
    { preset: 'tomcat', instance: { port: 1 }, reload: 'none' },
    'config.instance: expected no instance with tomcat',
  ],
  [{ preset: 'redis', instance: { port: 0 } }, 'config.instance.port: expected at least 1, got 0'],
  [
    { preset: 'rabbitmq', instance: { node: '-e' } },
    'config.instance.node: expected a name such as rabbit@mq-1',
  ],
  [
    { preset: 'redis', instance: { sokcet: '/x' } },
    'config.instance.sokcet: unknown key; did you mean socket?',
  ],
  [
    { certPath: '/c', keyPath: '/k', reload: 'none', instance: {} },
    'config.instance: expected no instance without a preset',
  ],
  [
    { preset: 'tomcat' },
    'config.reloadCommand: is required: a command such as systemctl restart tomcat10, because Tomcat reads',
  ],
  [
    { preset: 'redis', reload: 'none', reloadCommand: 'x' },
    'config.reload: expected either reload or a reloadCommand',
  ],
])('A preset refuses %j: %s', (config, words) => {
  expect(problems(config)).toContain(words);
});

test('Without a preset TLS begins at once, unless the target is configured otherwise', () => {
  const config = { certPath: '/c', keyPath: '/k', reload: 'none' };

  expect(parsed(config, { endpoint: 'a:1' }).verify).toMatchObject({ protocol: 'tls' });
  expect(parsed(config, { endpoint: 'a:1', protocol: 'smtp' }).verify).toMatchObject({ protocol: 'smtp' });
  expect(parsed({ preset: 'postgresql' }, 'none').verify).toBe('none');
});

test('Two files of one preset do not meet at one path', () => {
  const { keyPath } = presets.redis;

  expect(Target.safeParse(filesTarget({ preset: 'redis', certPath: keyPath })).success).toBe(false);
});
