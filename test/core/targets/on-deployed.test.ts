import { expect, test } from 'vitest';
import { installationDigest } from '../../../core/targets/installation-digest.ts';
import { parseTarget } from '../../../core/targets/parse.ts';

const config = { certPath: '/srv/cert.pem', keyPath: '/srv/key.pem' };
const target = (changes: object) => ({
  ...{ id: 'web-1', certificate: 'www.example.test', host: 'local', kind: 'nginx', config, verify: 'none' },
  ...changes,
});

test('Commands of onDeployed become argv arrays, and parsing the result again changes nothing', () => {
  const parsed = parseTarget(
    target({ onDeployed: ["logger 'new certificate'", ['/bin/sh', '-c', 'a | b']] }),
  );

  expect(parsed.onDeployed).toEqual([
    ['logger', 'new certificate'],
    ['/bin/sh', '-c', 'a | b'],
  ]);
  expect(parseTarget(parsed)).toEqual(parsed);
});

test('Commands of onDeployed do not make a target another installation', () => {
  expect(installationDigest(target({ onDeployed: ['true'] }))).toBe(installationDigest(target({})));
});

test.each([
  [
    'shell syntax',
    { onDeployed: ['curl https://a | sh'] },
    'onDeployed[0]: expected a command without shell syntax',
  ],
  ['an empty list', { onDeployed: [] }, 'onDeployed: expected at least 1 in a list'],
  ['six commands', { onDeployed: Array(6).fill('true') }, 'onDeployed: expected at most 5 in a list'],
  [
    'a function as the host',
    { host: 'lambda', kind: 'acm', config: { region: 'eu-west-1' }, onDeployed: ['true'] },
    'onDeployed: expected no onDeployed for host: lambda',
  ],
])('A target with onDeployed and %s is refused', (_what, changes, text) => {
  expect(() => parseTarget(target(changes))).toThrow(text);
});
