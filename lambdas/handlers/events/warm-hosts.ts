import * as z from 'zod/mini';
import { maximumWarmHosts, WarmedHost } from '../../../core/deployment/warm.ts';
import { isFunctionHost } from '../../../core/targets/host-location.ts';
import { Host } from '../../../core/targets/target.ts';
import { timeBudgets } from '../../../core/time-budgets.ts';
import { type WarmServices, warmHosts } from '../../delivery/warm-hosts.ts';
import { task } from '../../runtime/task.ts';
import { warming } from '../../runtime/warming.ts';

const Input = z.object({ hosts: z.array(Host).check(z.minLength(1), z.maxLength(maximumWarmHosts)) });
type Input = z.infer<typeof Input>;
const Result = z.object({ hosts: z.array(WarmedHost) });
type Result = z.infer<typeof Result>;

/**
 * Not a state: the command line calls it. Lets hosts fetch the agent and its runtime, and returns a result for each host. The
 * function of `host: lambda` has both.
 */
export const createHandler =
  (by: WarmServices) =>
  async ({ hosts }: Input): Promise<Result> => {
    const until = new Date(by.clock.now().getTime() + timeBudgets.warmHosts * 1000);
    return {
      hosts: await warmHosts(
        by,
        hosts.filter((host) => !isFunctionHost(host)),
        until,
      ),
    };
  };

export const handler = task('WarmHosts', {
  input: Input,
  result: Result,
  build: () => createHandler(warming()),
});
