import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { SweepReport } from '../lambdas/sweeping/report.ts';

/** The name that the stack gives its function. */
const sweepFunction = 'certferry-sweep';

/** Has the stack look at every endpoint now. Throws an Error with the function's own words when it fails. */
export async function sweep(lambda: LambdaClient, input: object): Promise<SweepReport> {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: sweepFunction, Payload: JSON.stringify(input) }),
  );
  const answer: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (FunctionError === undefined) return SweepReport.parse(answer);
  const { errorType = FunctionError, errorMessage = '' } = answer as Readonly<Record<string, string>>;
  throw new Error(`${sweepFunction} failed: ${errorType}: ${errorMessage}`);
}
