import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../../core/targets/parse.ts';

const paths = { certPath: '/etc/tls/cert.pem', keyPath: '/etc/tls/key.pem' };

function problemsOf(kind: string, config: object): string {
  try {
    parseTarget({
      id: 'a',
      certificate: 'x',
      host: 'local',
      kind,
      config: { ...paths, ...config },
      verify: 'none',
    });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('a target of kind traefik', () => {
  test.each(['/etc/traefik/tls.yml', '/etc/traefik/tls.yaml', '/etc/traefik/tls.toml'])(
    'A target of kind traefik may name the dynamic configuration %s',
    (dynamicPath) => {
      expect(problemsOf('traefik', { dynamicPath })).toBe('');
    },
  );

  test('A target of kind traefik refuses a dynamic configuration that Traefik would not read', () => {
    expect(problemsOf('traefik', { dynamicPath: '/etc/traefik/tls.json' })).toContain('dynamicPath');
  });

  test('A target of kind traefik refuses one path for two files', () => {
    expect(problemsOf('traefik', { keyPath: '/etc/tls/a.yml', dynamicPath: '/etc/tls/a.yml' })).toContain(
      'another file than certPath and keyPath',
    );
  });
});

describe('a target of kind envoy', () => {
  test('A target of kind envoy may leave out everything but the paths', () => {
    expect(problemsOf('envoy', {})).toBe('');
  });

  test.each([
    'http://127.0.0.1:9901',
    'http://localhost:1',
    'http://[::1]:9901',
    'http://envoy-1.internal:9901',
  ])('A target of kind envoy may name the admin endpoint %s', (adminEndpoint) => {
    expect(problemsOf('envoy', { adminEndpoint })).toBe('');
  });

  test.each([
    'https://127.0.0.1:9901',
    'http://127.0.0.1',
    'http://127.0.0.1:9901/',
    'http://u:p@127.0.0.1:9901',
    '127.0.0.1:9901',
  ])('A target of kind envoy refuses the admin endpoint %s', (adminEndpoint) => {
    expect(problemsOf('envoy', { adminEndpoint })).toContain("the address of Envoy's admin interface");
  });

  test('A target of kind envoy refuses a secret name without a file to write it to', () => {
    expect(problemsOf('envoy', { secretName: 'web' })).toContain('no secretName without an sdsPath');
  });

  test('A target of kind envoy refuses an SDS file that is the certificate', () => {
    expect(problemsOf('envoy', { certPath: '/etc/tls/a.yaml', sdsPath: '/etc/tls/a.yaml' })).toContain(
      'another file than certPath and keyPath',
    );
  });

  test('A target of kind envoy refuses two ways of making sure', () => {
    expect(problemsOf('envoy', { adminEndpoint: 'http://127.0.0.1:9901', reloadCommand: 'true' })).toContain(
      'either an adminEndpoint or a reloadCommand, not both',
    );
  });
});
