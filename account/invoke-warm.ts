import type { LambdaClient } from '@aws-sdk/client-lambda';
import pLimit from 'p-limit';
import * as z from 'zod/mini';
import { WarmedHost } from '../core/deployment/warm.ts';
import { invoke } from './stack/invoke.ts';

/** The name that the stack gives its function. */
const warmFunction = 'certferry-warm-hosts';

/** Small parts show progress; few at once leave the functions of rollouts their share of the account. */
const partSize = 10;
const parallelParts = 4;

const Result = z.object({ hosts: z.array(WarmedHost) });

/** Lets hosts of the stack fetch the agent and its runtime. Throws the error that the function threw. */
export async function invokeWarm(
  lambda: LambdaClient,
  hosts: readonly string[],
  onWarmed: (hosts: readonly WarmedHost[]) => void,
): Promise<WarmedHost[]> {
  const parts = pLimit(parallelParts);
  const all = Array.from({ length: Math.ceil(hosts.length / partSize) }, (_, at) =>
    parts(async () => {
      const part = hosts.slice(at * partSize, (at + 1) * partSize);
      const { hosts: warmed } = Result.parse(await invoke(lambda, warmFunction, { hosts: part }));
      onWarmed(warmed);
      return warmed;
    }),
  );
  return (await Promise.all(all)).flat();
}
