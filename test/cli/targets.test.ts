import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  onThisMachine,
  readTargetsFile,
  selectTarget,
  selectTargets,
} from '../../cli/input/select-targets.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { aTarget } from './finished.ts';

const aRegistered = (changes: object) => RegisteredTarget.parse({ ...aTarget(), ...changes });
const targets = [
  aRegistered({ id: 'web-1' }),
  aRegistered({ id: 'web-2' }),
  aRegistered({ id: 'mail-1', certificate: 'mail.example.com' }),
];

const ids = (selected: readonly { id: string }[]) => selected.map(({ id }) => id);

describe('the targets of a deployment', () => {
  test('The targets of a deployment are all of the certificate when none is named', () => {
    expect(ids(selectTargets(targets, 'api.example.com', []))).toEqual(['web-1', 'web-2']);
  });

  test('The targets of a deployment are those named, once each', () => {
    expect(ids(selectTargets(targets, 'api.example.com', ['web-2', 'web-2']))).toEqual(['web-2']);
  });

  test('The targets of a deployment are refused when one does not exist, with a list of what does', () => {
    expect(() => selectTargets(targets, 'api.example.com', ['web-9'])).toThrow(
      /^there is no target web-9\. .*web-1 \(api\.example\.com\).*mail-1 \(mail\.example\.com\)/,
    );
  });

  test('The targets of a deployment are refused when one has another certificate', () => {
    expect(() => selectTargets(targets, 'api.example.com', ['web-1', 'mail-1'])).toThrow(
      'target mail-1 has the certificate mail.example.com, not api.example.com.',
    );
  });

  test('The targets of a deployment are refused when no target has the certificate', () => {
    expect(() => selectTargets(targets, 'other.example.com', [])).toThrow('Targets in the file: web-1');
  });

  test('A deployment can select its targets by id', () => {
    expect(selectTarget(targets, 'mail-1').certificate).toBe('mail.example.com');
    expect(() => selectTarget(targets, 'mail-2')).toThrow('there is no target mail-2. Targets in the file');
  });

  test('The targets of a deployment are named in every complaint of the file they stand in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'targets.yaml');
    writeFileSync(path, 'targets:\n  - id: web-1\n    kind: ngnix\n');

    expect(() => readTargetsFile(path)).toThrow(path);
    expect(() => readTargetsFile(join(folder, 'none.yaml'))).toThrow('no such file');
  });
});

describe('a target on this machine', () => {
  test('A target on this machine is one on a host of local mode, whose own address {host} stands for', () => {
    const verify = { endpoint: '{host}:8443' };

    expect(onThisMachine(aRegistered({ host: 'local' }))).toMatchObject({ id: 'web-1', host: 'local' });
    expect(onThisMachine(aRegistered({ host: 'local-web-7', verify }))).toMatchObject({
      host: 'local-web-7',
      verify: { endpoint: '127.0.0.1:8443' },
    });
  });

  test.each([
    ['host i-0123456789abcdef0', 'i-0123456789abcdef0'],
    ['the hosts with app=web, stage=live', { tags: { app: 'web', stage: 'live' } }],
    ['the instances of Auto Scaling group web', { autoScalingGroup: 'web' }],
  ])('A target on this machine is not one on %s', (words, host) => {
    expect(() => onThisMachine(aRegistered({ host }))).toThrow(
      `target web-1 is on ${words}, but --local deploys`,
    );
  });
});
