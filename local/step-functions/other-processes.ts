// Executions that another process on the same state folder runs: requests for them are forwarded to its endpoint.
import {
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { isAlive } from '../base/process-identity.ts';
import { region } from '../base/published-events.ts';
import { ServiceError } from '../http/service-error.ts';
import { executionArn } from './arns.ts';
import type { Executions } from './executions.ts';
import { ownerOf } from './tokens.ts';

/** Each answers false when no other living process runs the execution. */
export interface OtherProcesses {
  succeed(taskToken: string, output: string): Promise<boolean>;
  fail(taskToken: string, error: string, cause: string): Promise<boolean>;
  stop(arn: string): Promise<boolean>;
}

export function otherProcesses(
  { find, tokens }: Pick<Executions, 'find' | 'tokens'>,
  own: { readonly accessKeyId?: string | undefined; readonly endpoint: () => string | null },
): OtherProcesses {
  /** A port is only called while the process that opened it lives: later another program may use it. */
  const endpointOf = (arn: string): string | null => {
    const { owner, endpoint } = find(arn)?.runner ?? {};
    return owner !== undefined && endpoint && endpoint !== own.endpoint() && isAlive(owner) ? endpoint : null;
  };
  const forward = async (arn: string, call: (client: SFNClient) => Promise<unknown>): Promise<boolean> => {
    const endpoint = endpointOf(arn);
    if (endpoint === null) return false;
    const credentials = { accessKeyId: own.accessKeyId ?? 'local', secretAccessKey: 'unused' };
    const client = new SFNClient({ endpoint, region, credentials, maxAttempts: 1 });
    try {
      await call(client);
      return true;
    } catch (error) {
      throw error instanceof Error ? new ServiceError(error.name, error.message) : error;
    } finally {
      client.destroy();
    }
  };
  const ofToken = (token: string): string => {
    const owner = tokens.hasIssued(token) ? null : ownerOf(token);
    return owner === null ? '' : executionArn(owner.name, owner.machine);
  };
  return {
    succeed: (taskToken, output) =>
      forward(ofToken(taskToken), (client) => client.send(new SendTaskSuccessCommand({ taskToken, output }))),
    fail: (taskToken, error, cause) =>
      forward(ofToken(taskToken), (client) =>
        client.send(new SendTaskFailureCommand({ taskToken, error, cause })),
      ),
    stop: (arn) => forward(arn, (client) => client.send(new StopExecutionCommand({ executionArn: arn }))),
  };
}
