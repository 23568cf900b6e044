import { describe, expect, test } from 'vitest';
import { JavakeystoreConfig } from '../../../core/targets/kinds/javakeystore.ts';

const common = {
  keystorePath: '/etc/app/keystore.p12',
  alias: 'server',
  storePassword: { secretId: 'app-keystore' },
};
const tomcat = { user: 'certferry', passwordFile: '/etc/certferry/manager' };

/** The paths of the fields that are refused. */
function refused(config: object): string[] {
  const { error } = JavakeystoreConfig.safeParse({ ...common, ...config });
  return (error?.issues ?? []).map(({ path }) => path.join('.'));
}

describe('configuration of javakeystore', () => {
  test('An activation must be explicit, unless the application watches its files', () => {
    expect(refused({})).toEqual(['reloadCommand']);
    expect(refused({ preset: 'tomcat' })).toEqual(['reloadCommand']);
    expect(refused({ preset: 'elasticsearch' })).toEqual([]);
    expect(refused({ reload: 'none' })).toEqual([]);
  });

  test('Two activations are refused', () => {
    expect(refused({ tomcat, reload: 'none' })).toEqual(['reload']);
    expect(refused({ tomcat, reloadCommand: 'systemctl restart app' })).toEqual(['reload']);
  });

  test.each([
    'http://127.0.0.1:8080/manager',
    'http://localhost/manager',
    'http://[::1]:8080/manager',
    'https://tomcat.example.com/manager',
  ])('The password of the manager may be sent to %s', (url) => {
    expect(refused({ tomcat: { ...tomcat, url } })).toEqual([]);
  });

  test.each([
    'http://tomcat.example.com/manager',
    'http://127.0.0.1.example.com/manager',
    'http://127.0.0.1@example.com/manager',
    'https://user@example.com/manager',
    'ftp://127.0.0.1/manager',
  ])('The password of the manager may not be sent to %s', (url) => {
    expect(refused({ tomcat: { ...tomcat, url } })).toEqual(['tomcat.url']);
  });

  test('A key password needs JKS', () => {
    const keyPassword = { secretId: 'app-key' };

    expect(refused({ reload: 'none', storeType: 'PKCS12', keyPassword })).toEqual(['keyPassword']);
    expect(refused({ reload: 'none', storeType: 'JKS', keyPassword })).toEqual([]);
  });

  test('A password in the configuration itself is refused', () => {
    expect(refused({ reload: 'none', storePassword: 'changeit' })).toEqual(['storePassword']);
  });
});
