import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createCustomResourceService } from '../../../services/registry/custom-resource.ts';

/** Sends a response and returns the text that CloudFormation receives. */
async function responded(response: Parameters<ReturnType<typeof createCustomResourceService>['respond']>[1]) {
  const received = Promise.withResolvers<string>();
  const cloudFormation = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer.writeHead(200).end();
      received.resolve(Buffer.concat(chunks).toString());
    });
  });
  await new Promise<void>((resolve) => cloudFormation.listen(0, '127.0.0.1', resolve));
  const { port } = cloudFormation.address() as AddressInfo;
  await createCustomResourceService(new S3Client({ region: 'us-east-1' })).respond(
    `http://127.0.0.1:${port}/`,
    response,
  );
  cloudFormation.closeAllConnections();
  cloudFormation.close();
  return received.promise;
}

test.each(['"', '…', '\u0001', '\u{1f512}'])(
  'A response has at most the bytes that CloudFormation accepts if its reason is full of %j',
  async (character) => {
    const others = {
      Status: 'FAILED',
      PhysicalResourceId: 'p',
      StackId: 's'.repeat(500),
      RequestId: 'r',
      LogicalResourceId: 'l',
      Data: { JobKeys: 'k'.repeat(2_500) },
    } as const;

    const text = await responded({ ...others, Reason: `InvalidTarget: ${character.repeat(5_000)}` });

    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
    expect(JSON.parse(text)).toEqual({ ...others, Reason: expect.stringMatching(/^InvalidTarget: /) });
  },
);
