// STS is a script here: it cannot show who may assume the role.
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clientsFor, ownClients } from '../../lambdas/runtime/clients.ts';
import { type JsonEndpoint, startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { type QueryService, queryService } from '../fakes/query-service.ts';

let sts: QueryService;
let ssm: JsonEndpoint;
beforeAll(async () => {
  const credentials =
    '<AccessKeyId>assumed</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>';
  sts = await queryService(
    () => `<AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult>`,
  );
  ssm = await startJsonEndpoint({
    version: '1.1',
    target: 'AmazonSSM',
    accessKeyId: 'assumed',
    operations: { DescribeInstanceInformation: async () => ({ InstanceInformationList: [] }) },
  });
  const settings = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'own',
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_ENDPOINT_URL_STS: sts.endpoint,
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([sts.close(), ssm.close()]);
});

const ask = (clients: { ssm: ReturnType<typeof ownClients>['ssm'] }) =>
  clients.ssm.send(new DescribeInstanceInformationCommand({}));

describe('the clients of another account', () => {
  test('The clients of another account act in that account’s role for certferry, which is assumed once', async () => {
    await ask(clientsFor('210987654321', 'eu-central-1'));
    await ask(clientsFor('210987654321', 'eu-central-1'));

    const RoleArn = 'arn:aws:iam::210987654321:role/certferry-runner';
    expect(sts.requests.filter((request) => request.RoleArn === RoleArn)).toMatchObject([
      { Action: 'AssumeRole', RoleSessionName: 'certferry' },
    ]);
  });

  test.each([
    ['cn-north-1', 'arn:aws-cn:iam::210987654321:role/certferry-runner'],
    ['us-gov-west-1', 'arn:aws-us-gov:iam::210987654321:role/certferry-runner'],
  ])('The clients of another account stay in the partition of %s', async (region, RoleArn) => {
    await ask(clientsFor('210987654321', region));

    expect(sts.requests.at(-1)).toMatchObject({ RoleArn });
  });

  test('The clients of another account of the stack’s own account assume no role', async () => {
    const before = sts.requests.length;

    await expect(ask(ownClients())).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    expect(sts.requests).toHaveLength(before);
  });
});
