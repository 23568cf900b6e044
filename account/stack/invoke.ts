import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { CertferryError, type ErrorName, errorNames } from '../../core/errors.ts';
import { unreadableAnswer } from './aws-calls.ts';

/**
 * Invokes a function of the stack by its name and returns its result. Throws the error that the function threw, and
 * StackUnusable if there is no such function.
 */
export async function invoke(lambda: LambdaClient, name: string, input: object): Promise<unknown> {
  const { Payload, FunctionError } = await send(lambda, name, input);
  const result = parse(Payload?.transformToString() ?? 'null', name);
  if (FunctionError === undefined) return result;
  const { errorType = FunctionError, errorMessage = '' } = result as Readonly<Record<string, string>>;
  if (Object.hasOwn(errorNames, errorType)) throw new CertferryError(errorType as ErrorName, errorMessage);
  throw new Error(`${name} failed: ${errorType}: ${errorMessage}`);
}

function parse(payload: string, name: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    throw unreadableAnswer({ service: 'Lambda', call: `Invoke (${name})` }, 'it is not JSON');
  }
}

async function send(lambda: LambdaClient, FunctionName: string, input: object) {
  try {
    return await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(input) }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
    throw new CertferryError(
      'StackUnusable',
      `this account and region have no function ${FunctionName}. If the stack is outdated, update it with "npx cdk deploy".`,
    );
  }
}
