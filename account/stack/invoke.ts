import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { CertferryError, type ErrorName, errorNames } from '../../core/errors.ts';

/**
 * Invokes a function of the stack by its name and returns its result. Throws the error that the function threw, and
 * StackUnusable if there is no such function.
 */
export async function invoke(lambda: LambdaClient, name: string, input: object): Promise<unknown> {
  const { Payload, FunctionError } = await send(lambda, name, input);
  const result: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (FunctionError === undefined) return result;
  const { errorType = FunctionError, errorMessage = '' } = result as Readonly<Record<string, string>>;
  if (Object.hasOwn(errorNames, errorType)) throw new CertferryError(errorType as ErrorName, errorMessage);
  throw new Error(`${name} failed: ${errorType}: ${errorMessage}`);
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
