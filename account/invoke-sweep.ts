import type { LambdaClient } from '@aws-sdk/client-lambda';
import { ReceivedSweepReport } from '../core/drift/sweep-report.ts';
import { invoke } from './stack/invoke.ts';

/** The name that the stack gives its function. */
const sweepFunction = 'certferry-sweep';

/** Runs the drift sweep of the stack now. Throws the error that the function threw. */
export async function invokeSweep(
  lambda: LambdaClient,
  { certificate, heal }: { readonly certificate: string | undefined; readonly heal: boolean },
): Promise<ReceivedSweepReport> {
  const input = { heal, ...(certificate !== undefined && { certificate }) };
  return ReceivedSweepReport.parse(await invoke(lambda, sweepFunction, input));
}
