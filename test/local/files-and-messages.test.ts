import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, test } from 'vitest';
import { openObjects } from '../../local/aws/objects.ts';
import { startS3 } from '../../local/aws/s3.ts';
import { type LocalMessage, startSns, topicArn } from '../../local/aws/sns.ts';
import type { Endpoint } from '../../local/http/server.ts';
import { startSsm } from '../../local/ssm/start.ts';
import { scratch } from './scratch.ts';

const accessKeyId = 'the-folder-s-token';
const onFault = (error: unknown) => expect.unreachable(String(error));
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const clientFor = ({ endpoint, close }: Endpoint, keyId = accessKeyId) => {
  closing.push(close);
  const credentials = { accessKeyId: keyId, secretAccessKey: 'unused' };
  return { endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
};

describe('S3', () => {
  const open = async (keyId?: string) => {
    const folder = scratch();
    const server = await startS3({ objects: openObjects(folder), accessKeyId, onFault });
    return { folder, s3: new S3Client(clientFor(server, keyId)) };
  };

  test('S3 gives back what was put, byte by byte, and keeps it where only its owner can read', async () => {
    const { folder, s3 } = await open();
    const [Bucket, Key, Body] = ['a-bucket', 'rollouts/ä b+c/wave-1/items.json', '{"ü":1}'];

    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    const { Body: found } = await s3.send(new GetObjectCommand({ Bucket, Key }));

    expect(await found?.transformToString()).toBe(Body);
    expect(statSync(join(folder, Bucket, Key)).mode & 0o077).toBe(0);
  });

  test('S3 has no such key for what was never put', async () => {
    const { s3 } = await open();

    const missing = s3.send(new GetObjectCommand({ Bucket: 'a-bucket', Key: 'nothing' }));

    await expect(missing).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('S3 lists the keys under a prefix, in order', async () => {
    const { s3 } = await open();
    for (const Key of ['b/2', 'a/1', 'b/10', 'b&<c'])
      await s3.send(new PutObjectCommand({ Bucket: 'a-bucket', Key, Body: 'x' }));

    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'a-bucket', Prefix: 'b' }));

    expect(Contents?.map(({ Key }) => Key)).toEqual(['b&<c', 'b/10', 'b/2']);
  });

  test('S3 puts no second object in the place of one when asked not to', async () => {
    const { s3 } = await open();
    const put = (Body: string) =>
      s3.send(new PutObjectCommand({ Bucket: 'a-bucket', Key: 'once', Body, IfNoneMatch: '*' }));
    await put('first');

    await expect(put('second')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  test.each(['../outside', 'a/../../outside', 'a//b', './a', 'half.draft'])(
    'S3 refuses the key %s',
    async (Key) => {
      const folder = scratch();
      const put = openObjects(join(folder, 'objects')).put('a-bucket', Key, Buffer.from('x'));

      await expect(put).rejects.toMatchObject({ name: 'InvalidArgument' });
    },
  );

  test('S3 serves no client without the access key id of the folder', async () => {
    const { s3 } = await open('somebody-else-s');

    const stranger = s3.send(new GetObjectCommand({ Bucket: 'a-bucket', Key: 'once' }));

    await expect(stranger).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });
});

describe('SNS', () => {
  test('SNS writes a message into the log and publishes it', async () => {
    const [file, messages] = [join(scratch(), 'messages.log'), [] as LocalMessage[]];
    const server = await startSns({ file, onMessage: (one) => messages.push(one), accessKeyId, onFault });
    const sns = new SNSClient(clientFor(server));
    const message = { subject: 'Halted', text: 'Two lines\nwith <signs> & ünicode' };

    const { MessageId } = await sns.send(
      new PublishCommand({ TopicArn: topicArn, Subject: message.subject, Message: message.text }),
    );

    expect(MessageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(messages).toEqual([message]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ at: expect.any(String), ...message });
  });

  test('SNS has one topic', async () => {
    const server = await startSns({ file: join(scratch(), 'messages.log'), accessKeyId, onFault });
    const sns = new SNSClient(clientFor(server));

    const lost = sns.send(new PublishCommand({ TopicArn: `${topicArn}-other`, Message: 'hello' }));

    await expect(lost).rejects.toMatchObject({ name: 'NotFoundException' });
  });
});

describe('DescribeInstanceInformation', () => {
  const open = async () => {
    const folder = scratch();
    const document = {
      stepName: 'linux',
      job: { allowedPattern: '.*', maxChars: 1 },
      scriptFor: () => expect.unreachable(),
    };
    const server = await startSsm({
      document,
      jobKeys: '',
      commands: folder,
      hosts: folder,
      accessKeyId,
      onEnd: () => undefined,
      onFault,
    });
    return new SSMClient(clientFor(server));
  };

  test('DescribeInstanceInformation reports the hosts of this machine online, and no others', async () => {
    const ssm = await open();
    const Values = ['local', 'local-web-1', 'i-0123456789abcdef0'];

    const { InstanceInformationList } = await ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values }] }),
    );

    expect(InstanceInformationList?.map(({ InstanceId, PingStatus }) => [InstanceId, PingStatus])).toEqual([
      ['local', 'Online'],
      ['local-web-1', 'Online'],
    ]);
  });

  test('DescribeInstanceInformation refuses to search by tags', async () => {
    const ssm = await open();

    const byTag = ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'tag:role', Values: ['web'] }] }),
    );

    await expect(byTag).rejects.toMatchObject({ name: 'InvalidFilterKey' });
  });
});
