import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { certferry } from './command.ts';

test('The demo prints plain text on a pipe, shows what it announces, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));

  const { code, out, err } = await certferry(['demo'], folder);

  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const line of [
    '✔ deployed (',
    '◷ BackOff',
    '✖ rolled_back (',
    'version 2 is served',
    'rejected: ',
    'the live files are the same inodes as before',
    '→ wave 1 (1): 1 of 5',
    '✖ web-3  rolled_back',
    '→ wave 3: rolling back 1 targets of wave 2',
    '✔ web-1  put back',
    'the wave of web-4 and web-5 never began',
    '✖ rolled_back: everything it changed is back, verified',
    'all five serve version 1',
  ]) {
    expect(out).toContain(line);
  }
  expect(out).not.toContain('\u001b[');
  expect(readdirSync(folder)).toEqual([]);
});
