// Answers that do not come from AWS, and refusals: a server of its own stands in for one service, behind the real SDK.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Check } from '../../core/check.ts';
import { captured } from '../cli/capture.ts';
import { anAccount, type FakeAws } from './aws.ts';

let aws: FakeAws;
let server: Server | null = null;

beforeEach(async () => {
  aws = await anAccount();
});
afterEach(async () => {
  await new Promise((closed) => (server === null ? closed(null) : server.close(closed)));
  server = null;
  await aws.close();
});

/** Directs a service to a server that answers every request in this way. The environment is restored with the account. */
async function answer(service: string, respond: (response: ServerResponse) => void): Promise<void> {
  const started = createServer((request, response) => {
    request.resume().on('end', () => respond(response.setHeader('connection', 'close')));
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  process.env[`AWS_ENDPOINT_URL_${service}`] = `http://127.0.0.1:${port}`;
}

async function checkOf(name: string): Promise<Omit<Check, 'name'> | undefined> {
  const { out } = await captured('doctor', '--stack', 'Certferry', '--json');
  const { checks } = JSON.parse(out) as { checks: Check[] };
  return checks.find((check) => check.name === name);
}

const html = '<html><body>Sign in to the network</body></html>';
const json = { 'content-type': 'application/x-amz-json-1.1' };
const withoutProxy =
  'Connect without the proxy, VPN or sign-in page that answers instead of AWS, or let it pass these requests.';

describe('an answer that is not from AWS', () => {
  test.each([
    ['SSM', 'document', 'SSM DescribeDocument'],
    ['SFN', 'state machines', 'SFN DescribeStateMachine'],
    ['DYNAMODB', 'tables', 'DynamoDB DescribeTable'],
    ['SQS', 'undelivered events', 'SQS GetQueueAttributes'],
    ['SNS', 'notifications', 'SNS GetTopicAttributes'],
    ['CLOUDFORMATION', 'stack', 'CloudFormation DescribeStacks'],
  ])('A page of a proxy instead of %s fails the check and names the call', async (service, name, call) => {
    await answer(service, (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html));
    if (service === 'SQS') aws.state.queues = String(process.env.AWS_ENDPOINT_URL_SQS);

    expect(await checkOf(name)).toMatchObject({
      status: 'failed',
      found: `the answer to ${call} is not from AWS: HTTP 200 with text/html`,
      next: withoutProxy,
    });
  });

  test.each([
    ['that ends early', '{"Document": {"Status": "Act'],
    ['without its content', '{}'],
    ['that is a page without its type', html],
  ])('An answer %s fails the check and names the call', async (_, body) => {
    await answer('SSM', (response) => response.writeHead(200, json).end(body));

    expect(await checkOf('document')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/^(the answer to )?SSM DescribeDocument( is not from AWS)?: /),
      next: withoutProxy,
    });
  });
});

describe('a refusal', () => {
  const refuse = (type: string, message: string) => (response: ServerResponse) =>
    response.writeHead(400, json).end(JSON.stringify({ __type: type, message }));

  test('A denied call fails its check alone, and names the action', async () => {
    const message = 'User: x is not authorized to perform: ssm:DescribeDocument on resource: y';
    await answer('SSM', refuse('AccessDeniedException', message));

    expect(await checkOf('document')).toMatchObject({
      status: 'failed',
      found: `SSM DescribeDocument: AccessDeniedException: ${message}`,
      next: 'Allow ssm:DescribeDocument for these credentials, or select another profile (--profile).',
    });
    expect(await checkOf('tables')).toMatchObject({ status: 'passed' });
  });

  test('Expired credentials fail the check of the stack with their remedy, before anything else is checked', async () => {
    await answer('CLOUDFORMATION', (response) =>
      response
        .writeHead(403, { 'content-type': 'text/xml' })
        .end(
          '<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>',
        ),
    );

    const { code, out } = await captured('doctor', '--stack', 'Certferry');

    expect(code).toBe(1);
    expect(out).toContain('✖ stack  CloudFormation DescribeStacks: ExpiredToken: expired');
    expect(out).toContain('→ Sign in again: the credentials have expired.');
  });
});
