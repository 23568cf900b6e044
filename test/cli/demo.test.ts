import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { certferry } from './command.ts';

const page = readFileSync('docs/demo.md', 'utf8');
const documented = /^```\n(The demo uses [\s\S]*?)^```$/m.exec(page)?.[1] ?? '';

/**
 * The words of each paragraph, without what differs between runs: process, ports, durations, fingerprints, serials and
 * dates. The length of a port or a duration changes where lines fold, and hosts of one wave finish in any order. On a slow
 * machine a first probe can be earlier than the reload, so that any scene can have a retried probe.
 */
function comparable(output: string): string[][] {
  const constant = output
    .replaceAll(/ {2}● ProbeEndpoint .* retry: [\s\S]*?→ ProbeEndpoint\n/g, '')
    .replaceAll('│', ' ')
    .replaceAll(/process \d+/g, 'process PID')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/sha256:[0-9a-f]{12}…/g, 'sha256:FINGERPRINT')
    .replaceAll(/sha256 [0-9a-f]{16}…/g, 'sha256 KEY')
    .replaceAll(/serial\s+[0-9A-F]+/g, 'serial SERIAL')
    .replaceAll(/until\s+\d{4}-\d\d-\d\d/g, 'until DATE')
    .replaceAll(/\d+ transitions/g, 'COUNT transitions')
    .replaceAll(/\b(\d+ m )?\d+(\.\d)? (ms|s)\b/g, 'DURATION')
    .replaceAll(/(^ {4}. web-\d {2}.*\n)+/gm, (hosts) => hosts.split('\n').sort().join('\n'));
  return constant.split('\n\n').map((paragraph) => paragraph.split(/\s+/).filter((word) => word !== ''));
}

test('The demo prints plain text on a pipe, shows what it announces, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));

  const { code, out, err } = await certferry(['demo'], folder);

  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const text of [out, documented]) expect(text).toContain('◷ BackOff');
  expect(comparable(out)).toEqual(comparable(documented));
  expect(out).not.toContain('\u001b[');
  expect(readdirSync(folder)).toEqual([]);
});
