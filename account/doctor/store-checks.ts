import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand } from '@aws-sdk/client-ssm';
import { type Check, type Finding, failed, listed, passed } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { isFunctionHost } from '../../core/targets/host-location.ts';
import type { Credential } from '../../core/targets/kinds/credential.ts';
import { credentialsOf } from '../../core/targets/kinds/kinds.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { answered } from '../stack/aws-calls.ts';
import type { Clients } from '../stack/clients.ts';
import { check } from './check.ts';

/** The function of the stack that runs the agent (`cdk/common/names.ts`). */
const runAgentName = 'certferry-run-agent';

/**
 * Checks the function of targets with `host: lambda`, and that each credential exists. Reads descriptions only, never values. No
 * API reports whether a role may read a secret. No checks if no target needs them.
 */
export async function storeChecks(clients: Clients, targets: readonly RegisteredTarget[]): Promise<Check[]> {
  const withFunction = targets.filter(({ host }) => typeof host === 'string' && isFunctionHost(host));
  const references = targets.flatMap(referencesOf);
  return Promise.all([
    ...(withFunction.length === 0
      ? []
      : [check('function of the agent', () => functionOf(clients, withFunction.length))]),
    ...(references.length === 0
      ? []
      : [check('credentials of targets', () => credentialsFound(clients, references))]),
  ]);
}

async function functionOf({ lambda }: Clients, targets: number): Promise<Finding> {
  const { State } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: runAgentName }));
  const state = answered(State, { service: 'Lambda', call: 'GetFunctionConfiguration' }, 'State');
  const found = `${runAgentName}: ${state}, for ${counted(targets, 'target')}`;
  // Lambda makes a function inactive that was idle for weeks; the next invocation activates it
  if (state === 'Active' || state === 'Inactive') return passed(found);
  return failed(found, 'Deploy the stack again: npx cdk deploy');
}

interface Reference {
  readonly credential: Credential;
  /** As in errors, e.g. `config.token of store-1`. */
  readonly name: string;
}

function referencesOf({ id, kind, config }: RegisteredTarget): Reference[] {
  return Object.entries(credentialsOf(kind, config)).map(([field, credential]) => ({
    credential,
    name: `config.${field} of ${id}`,
  }));
}

async function credentialsFound(clients: Clients, references: readonly Reference[]): Promise<Finding> {
  const problems: string[] = [];
  // one call at a time: Parameter Store limits these calls to a few each second
  for (const { credential, name } of references) {
    const problem = await problemOf(clients, credential);
    if (problem !== null) problems.push(`${name}: ${problem}`);
  }
  if (problems.length === 0) return passed(counted(references.length, 'credential'));
  return failed(
    listed(problems),
    'Create the secret or parameter, or correct the target and apply it: certferry targets apply FILE',
  );
}

async function problemOf(clients: Clients, credential: Credential): Promise<string | null> {
  if ('file' in credential) return 'a file, which only local mode reads';
  return 'secretId' in credential
    ? secretProblem(clients, credential.secretId)
    : parameterProblem(clients, credential.parameter);
}

async function secretProblem({ secrets }: Clients, secretId: string): Promise<string | null> {
  try {
    const { DeletedDate } = await secrets.send(new DescribeSecretCommand({ SecretId: secretId }));
    return DeletedDate === undefined ? null : `secret ${secretId} is marked for deletion`;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException')
      return `secret ${secretId} not found`;
    throw error;
  }
}

async function parameterProblem({ ssm }: Clients, name: string): Promise<string | null> {
  const { Parameters } = await ssm.send(
    new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Values: [name] }] }),
  );
  const [parameter] = answered(Parameters, { service: 'SSM', call: 'DescribeParameters' }, 'Parameters');
  if (parameter === undefined) return `parameter ${name} not found`;
  return parameter.Type === 'SecureString' ? null : `parameter ${name} is not a SecureString`;
}
