// SNS is a script here: it cannot show what SNS itself takes for a subject.
import { SNSClient } from '@aws-sdk/client-sns';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { logger } from '../../../services/logger.ts';
import { createMessages } from '../../../services/notify/sns-messages.ts';
import { serveTcp } from '../../core/tls-probe/endpoints.ts';
import { type QueryService, queryService } from '../../fakes/query-service.ts';
import { clientFor } from '../../fakes/scripted-service.ts';

const topic = 'arn:aws:sns:eu-west-1:123456789012:certferry';
let sns: QueryService;
let refuses = false;
const logged: unknown[] = [];

beforeAll(async () => {
  sns = await queryService(() =>
    refuses ? null : '<PublishResult><MessageId>1</MessageId></PublishResult>',
  );
});
beforeEach(() => {
  refuses = false;
  sns.requests.length = 0;
  logged.length = 0;
  vi.spyOn(logger, 'info').mockImplementation((...said) => void logged.push(said));
  vi.spyOn(logger, 'error').mockImplementation((...said) => void logged.push(said));
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => sns.close());

const here = { backend: '--stack Certferry --region eu-west-1', targets: '', version: '' };
const messages = (topicArn: string | undefined = topic) =>
  createMessages(new SNSClient(clientFor(sns)), { ...here, topicArn });

describe('a notification', () => {
  test('A notification is published to the topic', async () => {
    await messages().send({ subject: 'Rollout halted', text: 'Two of ten failed.\nSay: certferry resume' });

    expect(sns.requests).toMatchObject([
      {
        Action: 'Publish',
        TopicArn: topic,
        Subject: 'Rollout halted',
        Message: 'Two of ten failed.\nSay: certferry resume',
      },
    ]);
  });

  test('A notification has a subject that SNS accepts, whatever it contains', async () => {
    await messages().send({ subject: ` Zertifikat für «api»\nläuft ab ${'x'.repeat(200)}`, text: 't' });
    await messages().send({ subject: '…', text: 't' });

    const [first, second] = sns.requests.map(({ Subject = '' }) => Subject);
    expect(first).toMatch(/^Zertifikat f r api l uft ab x+\.\.\.$/);
    expect(first).toHaveLength(100);
    expect(second).toBe('certferry');
  });

  test('A notification is shortened to the limit of SNS, between two characters', async () => {
    await messages().send({ subject: 's', text: 'é'.repeat(200_000) });

    const { Message = '' } = sns.requests[0] ?? {};
    expect(Buffer.byteLength(Message)).toBeLessThan(262_144);
    expect(Message).toMatch(/^é+ … \(\d+ bytes left out\)$/);
  });

  test('A notification is logged by its subject alone, because its text may contain an approval link', async () => {
    const message = { subject: 'Approve', text: 'https://example.com/?secret=abc' };
    await messages().send(message);
    await createMessages(new SNSClient(clientFor(sns)), { ...here, topicArn: undefined }).send(message);

    expect(sns.requests).toHaveLength(1);
    expect(JSON.stringify(logged)).toContain('Approve');
    expect(JSON.stringify(logged)).not.toContain('secret');
  });

  test('A notification that cannot be sent fails nothing else', async () => {
    refuses = true;

    await messages().send({ subject: 'Rollout halted', text: 't' });

    expect(JSON.stringify(logged)).toContain('AuthorizationError');
  });

  test('A notification is abandoned in time when SNS does not answer, so that its sender can still return', async () => {
    const time = new AbortController();
    const limit = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(time.signal);
    const silent = await serveTcp((socket) => {
      socket.resume();
      time.abort();
    });
    const client = new SNSClient(clientFor({ ...sns, endpoint: `http://127.0.0.1:${silent.port}` }));

    await createMessages(client, { ...here, topicArn: topic }).send({ subject: 'Rollout halted', text: 't' });
    await silent.close();

    expect(limit).toHaveBeenCalledWith(20_000);
    expect(JSON.stringify(logged)).toContain('the message could not be sent');
  });
});
