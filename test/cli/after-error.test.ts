import { describe, expect, test } from 'vitest';
import { afterError } from '../../cli/terminal/after-error.ts';
import { UsageError } from '../../cli/terminal/errors.ts';
import { troubleshootingAddress } from '../../cli/terminal/troubleshooting.ts';
import { CertferryError } from '../../core/errors.ts';

const installed = /^Troubleshooting: \/.*\/docs\/troubleshooting\.md#/;

describe('the last lines after an error', () => {
  test('A deployment that was not started ends with what the hosts serve and the troubleshooting entry', () => {
    expect(afterError(new CertferryError('StackUnusable', 'no stack'), 'deploy')).toEqual([
      'Served now: as before. This command has changed no host.',
      expect.stringMatching(installed),
    ]);
  });

  test('A wrong option of a deployment ends with what the hosts serve', () => {
    expect(afterError(new UsageError('--target: unknown'), 'rollback')).toEqual([
      'Served now: as before. This command has changed no host.',
    ]);
  });

  test('A deployment whose result the command line could not read ends with the commands that show it', () => {
    const lines = afterError(new Error('socket hang up'), 'rollout');

    expect(lines).toEqual([expect.stringContaining('unknown. "certferry history" and "certferry sweep"')]);
  });

  test('A command that changes no host ends with the troubleshooting entry only', () => {
    expect(afterError(new CertferryError('UntrustedPath', 'the folder'), 'history')).toEqual([
      expect.stringMatching(/#on-the-host$/),
    ]);
    expect(afterError(new UsageError('no such execution'), 'inspect')).toEqual([]);
  });
});

describe('the address of a troubleshooting entry', () => {
  test.each([
    ['https://certferry.example/', 'https://certferry.example/docs/troubleshooting.md#locks'],
    [
      'https://github.com/owner/certferry#readme',
      'https://github.com/owner/certferry/blob/v1.2.3/docs/troubleshooting.md#locks',
    ],
  ])('The address of a troubleshooting entry below the homepage %s is %s', (homepage, address) => {
    expect(troubleshootingAddress('locks', { homepage, version: '1.2.3' })).toBe(address);
  });

  test('The address of a troubleshooting entry is the path of the installed page without a homepage', () => {
    expect(troubleshootingAddress('locks', { version: '1.2.3' })).toMatch(
      /^\/.*\/docs\/troubleshooting\.md#locks$/,
    );
  });
});
