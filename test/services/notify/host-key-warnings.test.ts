import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, expect, test, vi } from 'vitest';
import { createHostKeyWarnings } from '../../../services/notify/host-key-warnings.ts';

afterEach(() => vi.restoreAllMocks());

test('A changed host key is a warning in the log and a metric that an alarm can watch', () => {
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  }

  createHostKeyWarnings(new Metrics({ namespace: 'certferry', serviceName: 'certferry' })).hostKeyChanged({
    host: 'i-1',
    targetId: 'web-1',
    deploymentId: 'd-1',
    kid: 'k-1',
  });

  const lines = written
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'WARN', message: 'host key changed', host: 'i-1', kid: 'k-1' }),
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
});
