// The memory kind must be in the table before anything reads it. The services are scripts here: they cannot show who may ask.
import '../fixtures/memory-kind.ts';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { hostChecks } from '../../account/doctor/host-checks.ts';
import { storeChecks } from '../../account/doctor/store-checks.ts';
import type { Clients } from '../../account/stack/clients.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';

const target = (host: string, token: object) =>
  RegisteredTarget.parse({
    id: 'store-1',
    certificate: 'api.example.com',
    host,
    kind: 'memory',
    config: { entry: 'api', token },
    verify: 'none',
  });

const downloads = { partition: 'aws', bucket: 'assets', key: 'agent.cjs', fetchesRuntime: true };
const missing = () => Object.assign(new Error('not found'), { name: 'ResourceNotFoundException' });

function clientsWith({ state = 'Active', type = 'SecureString' } = {}): Clients {
  return {
    lambda: {
      send: async (command: unknown) =>
        command instanceof GetFunctionConfigurationCommand ? { State: state } : undefined,
    },
    secrets: {
      async send({ input }: { readonly input: { readonly SecretId: string } }) {
        if (input.SecretId === 'stores/deleted') return { DeletedDate: new Date() };
        if (input.SecretId !== 'stores/token') throw missing();
        return {};
      },
    },
    ssm: {
      send: async ({ input }: { readonly input: { readonly ParameterFilters: [{ Values: string[] }] } }) => ({
        Parameters: input.ParameterFilters[0].Values[0] === '/token' ? [{ Type: type }] : [],
      }),
    },
  } as unknown as Clients;
}

const credentialCheck = async (token: object, clients = clientsWith()) =>
  (await storeChecks(clients, [target('lambda', token)])).find(
    ({ name }) => name === 'credentials of targets',
  );

describe('doctor', () => {
  test('Doctor reports the function that runs the agent, and fails if it cannot run', async () => {
    const targets = [target('lambda', { secretId: 'stores/token' })];

    expect((await storeChecks(clientsWith(), targets))[0]).toMatchObject({
      name: 'function of the agent',
      status: 'passed',
      found: 'certferry-run-agent: Active, for 1 target',
    });
    expect((await storeChecks(clientsWith({ state: 'Failed' }), targets))[0]).toMatchObject({
      status: 'failed',
      next: 'Deploy the stack again: npx cdk deploy',
    });
  });

  test.each([
    ['a secret that exists', { secretId: 'stores/token' }],
    ['a SecureString that exists', { parameter: '/token' }],
  ])('Doctor accepts %s', async (_, token) => {
    expect(await credentialCheck(token)).toMatchObject({ status: 'passed', found: '1 credential' });
  });

  test.each([
    ['a missing secret', { secretId: 'other' }, 'secret other not found'],
    ['a deleted secret', { secretId: 'stores/deleted' }, 'secret stores/deleted is marked for deletion'],
    ['a missing parameter', { parameter: '/other' }, 'parameter /other not found'],
    ['a file', { file: '/etc/token' }, 'a file, which only local mode reads'],
  ])('Doctor refuses %s and names the field of the target', async (_, token, problem) => {
    expect(await credentialCheck(token)).toMatchObject({
      status: 'failed',
      found: `config.token of store-1: ${problem}`,
    });
  });

  test('Doctor refuses a parameter that is not encrypted', async () => {
    expect(await credentialCheck({ parameter: '/token' }, clientsWith({ type: 'String' }))).toMatchObject({
      found: 'config.token of store-1: parameter /token is not a SecureString',
    });
  });

  test('Doctor has no check of the function if no target needs it', async () => {
    const checks = await storeChecks(clientsWith(), [target('i-0123456789abcdef0', { parameter: '/token' })]);

    expect(checks.map(({ name }) => name)).toEqual(['credentials of targets']);
    expect(await storeChecks(clientsWith(), [])).toEqual([]);
  });

  test('Doctor does not ask SSM for the host lambda', async () => {
    const clients = { ssm: { send: async () => ({ InstanceInformationList: [] }) } } as unknown as Clients;
    const hosts = [{ host: 'lambda', address: null, online: true }];
    const hosted = [{ target: target('lambda', { parameter: '/token' }), hosts, error: null }];

    expect(
      (await hostChecks(clients, hosted, Promise.resolve(downloads))).find(({ name }) => name === 'hosts'),
    ).toMatchObject({
      status: 'nothing',
    });
  });
});
