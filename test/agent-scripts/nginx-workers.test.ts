import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyReaderIn, unreadableKeyWarnings } from '../../agent-scripts/change/nginx-workers.ts';
import { scratchFolder } from './disk.ts';

const scratch = scratchFolder();
const keyPath = '/etc/nginx/tls/www.example.test.key';
const reading = (key: string, user = ' user www-data;\n') =>
  keyReaderIn(`${user} ssl_certificate_key ${key};\n`, keyPath);

describe('the workers of nginx', () => {
  test.each([
    ['a variable in the path', '/etc/nginx/tls/$ssl_server_name.key'],
    ['a variable in braces', '/etc/nginx/tls/${ssl_server_name}.key'],
    ['a variable for the whole path', '$key'],
    ['a path in quotes', '"/etc/nginx/tls/$ssl_server_name.key"'],
    ['a fixed path beside a certificate with a variable', keyPath],
    ['a path below the folder of the configuration', 'tls/$ssl_server_name.key'],
  ])('The workers of nginx read a key that is named by %s', (_, value) => {
    expect(reading(value)).toMatchObject({ user: 'www-data', group: 'www-data', uid: 33, gids: [33] });
  });

  test.each([
    ['another folder', '/srv/tls/$ssl_server_name.key'],
    ['another ending', '/etc/nginx/tls/$ssl_server_name.pem'],
    ['data in a variable', 'data:$key'],
    ['another fixed path', '/etc/nginx/tls/other.key'],
  ])('The workers of nginx do not read a key if the directive names %s', (_, value) => {
    expect(reading(value)).toBeNull();
  });

  test('The workers of nginx run as the configured user and group, else as those that nginx was built with', () => {
    expect(reading('$key', ' user www-data daemon;\n')).toMatchObject({
      user: 'www-data',
      group: 'daemon',
      gids: [1],
    });
    expect(reading('$key', '--user=daemon\n--group=www-data\n')).toMatchObject({
      user: 'daemon',
      group: 'www-data',
    });
    expect(reading('$key', '')).toMatchObject({ user: 'nobody', group: 'nogroup' });
    expect(reading('$key', ' user root;\n')).toBeNull();
    expect(reading('$key', ' user nobody-of-that-name;\n')).toBeNull();
  });

  test('A warning names what keeps the workers of nginx from the key: its mode, or a folder above it', () => {
    const folder = join(scratch, 'tls');
    mkdirSync(folder, { mode: 0o755 });
    chmodSync(scratch, 0o755);
    const key = join(folder, 'key.pem');
    const reader = reading('$key');
    const root = { uid: 0, gid: 0 };

    expect(unreadableKeyWarnings(reader, key, { ...root, gid: 33, mode: 0o640 })).toEqual([]);
    expect(unreadableKeyWarnings(reader, key, { ...root, uid: 33, mode: 0o400 })).toEqual([]);
    expect(unreadableKeyWarnings(null, key, { ...root, mode: 0o600 })).toEqual([]);
    const [byMode] = unreadableKeyWarnings(reader, key, { ...root, mode: 0o600 });
    chmodSync(folder, 0o700);
    const [byFolder] = unreadableKeyWarnings(reader, key, { ...root, gid: 33, mode: 0o640 });

    expect(byMode).toBe(
      `nginx reads ${key} at each handshake as user www-data, because a variable names the certificate; that user cannot read it with mode 0600 and owner 0:0: set group: www-data and keyMode: "0640" in the target`,
    );
    expect(byFolder).toContain(`that user cannot enter ${folder}: let group www-data enter it`);
  });
});
