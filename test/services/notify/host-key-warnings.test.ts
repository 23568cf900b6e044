import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, expect, test, vi } from 'vitest';
import { createHostKeyWarnings } from '../../../services/notify/host-key-warnings.ts';
import type { Message } from '../../../services/notify/sns-messages.ts';

afterEach(() => vi.restoreAllMocks());

test('A changed host key is a warning in the log, a metric that an alarm can watch, and a message to operators', async () => {
  const sent: Message[] = [];
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  }

  const metrics = new Metrics({ namespace: 'certferry', serviceName: 'certferry' });
  const warnings = createHostKeyWarnings(metrics, { send: async (message) => void sent.push(message) });
  const change = { host: 'i-1', targetId: 'web-1', deploymentId: 'd-1', kid: 'k-2', previousKid: 'k-1' };

  await warnings.hostKeyChanged({ ...change, refused: false });

  const lines = written
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'WARN', message: 'host key changed', host: 'i-1', kid: 'k-2' }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({
      HostKeyChanged: 1,
      host: 'i-1',
      _aws: expect.objectContaining({
        CloudWatchMetrics: [expect.objectContaining({ Namespace: 'certferry' })],
      }),
    }),
  );
  expect(sent).toMatchObject([{ subject: 'i-1: host key changed' }]);
  expect(sent[0]?.text).toMatch(/Registered key: k-1\nNew key: +k-2\n/);
  expect(sent[0]?.text).toContain('find out which machine answered');
});
