import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readTargets, selectTarget, selectTargets } from '../../cli/input/targets.ts';
import { aTarget } from './finished.ts';

const targets = [
  aTarget({ id: 'web-1' }),
  aTarget({ id: 'web-2' }),
  aTarget({ id: 'mail-1', certificate: 'mail.example.com' }),
  aTarget({ id: 'far-1', certificate: 'far.example.com', host: 'i-0123456789abcdef0' }),
];

const ids = (selected: readonly { id: string }[]) => selected.map(({ id }) => id);

describe('the targets of a deployment', () => {
  test('are all of the certificate when none is named', () => {
    expect(ids(selectTargets(targets, 'api.example.com', []))).toEqual(['web-1', 'web-2']);
  });

  test('are those named, once each', () => {
    expect(ids(selectTargets(targets, 'api.example.com', ['web-2', 'web-2']))).toEqual(['web-2']);
  });

  test('are refused when one does not exist, with a list of what does', () => {
    expect(() => selectTargets(targets, 'api.example.com', ['web-9'])).toThrow(
      /^there is no target web-9\. .*web-1 \(api\.example\.com\).*mail-1 \(mail\.example\.com\)/,
    );
  });

  test('are refused when one has another certificate', () => {
    expect(() => selectTargets(targets, 'api.example.com', ['web-1', 'mail-1'])).toThrow(
      'target mail-1 has the certificate mail.example.com, not api.example.com.',
    );
  });

  test('are refused when no target has the certificate', () => {
    expect(() => selectTargets(targets, 'other.example.com', [])).toThrow('The targets file has: web-1');
  });

  test('are refused when one is not on this machine', () => {
    expect(() => selectTargets(targets, 'far.example.com', [])).toThrow(
      'far-1 is on host i-0123456789abcdef0',
    );
    expect(() => selectTarget(targets, 'far-1')).toThrow('this machine only');
  });

  test('are named in every complaint of the file they stand in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'targets.yaml');
    writeFileSync(path, 'targets:\n  - id: web-1\n    kind: ngnix\n');

    expect(() => readTargets(path)).toThrow(path);
    expect(() => readTargets(join(folder, 'none.yaml'))).toThrow('no such file');
  });
});
