import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { CertferryError, type ErrorName, errorNames } from '../../core/errors.ts';

/**
 * Calls a function of the stack by the name that the stack gives it, and waits for its answer. Throws what the function has
 * thrown, and StackUnusable where there is no such function.
 */
export async function invoke(lambda: LambdaClient, name: string, input: object): Promise<unknown> {
  const { Payload, FunctionError } = await called(lambda, name, input);
  const answer: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (FunctionError === undefined) return answer;
  const { errorType = FunctionError, errorMessage = '' } = answer as Readonly<Record<string, string>>;
  if (Object.hasOwn(errorNames, errorType)) throw new CertferryError(errorType as ErrorName, errorMessage);
  throw new Error(`${name} failed: ${errorType}: ${errorMessage}`);
}

async function called(lambda: LambdaClient, FunctionName: string, input: object) {
  try {
    return await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(input) }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
    throw new CertferryError(
      'StackUnusable',
      `there is no function ${FunctionName} in this account and region: is the stack up to date? "npx cdk deploy" updates it`,
    );
  }
}
