// Not simulated: request checks of AWS, throttling over time, eventual consistency.
import { type JsonEndpoint, type Operation, startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { ServiceError } from '../../local/http/service-error.ts';

type Answer = Record<string, unknown> | { readonly refuse: string; readonly saying: string };

export interface ScriptedService extends JsonEndpoint {
  readonly requests: Record<string, unknown>[];
  /** The responses to the next requests; the last one repeats. */
  answers: Answer[];
}

/** One AWS service with its real JSON protocol and the responses that a test scripts. */
export async function scriptedService(
  protocol: { version: '1.0' | '1.1'; target: string },
  operations: readonly string[],
): Promise<ScriptedService> {
  const requests: Record<string, unknown>[] = [];
  const answers: Answer[] = [];
  const operation: Operation = async (input) => {
    requests.push(input);
    const [answer = {}] = answers;
    if (answers.length > 1) answers.shift();
    if ('refuse' in answer) throw new ServiceError(String(answer.refuse), String(answer.saying));
    return answer;
  };
  const endpoint = await startJsonEndpoint({
    ...protocol,
    operations: Object.fromEntries(operations.map((name) => [name, operation])),
  });
  return { ...endpoint, requests, answers };
}

/** The configuration of a client for it. */
export const clientFor = ({ endpoint }: JsonEndpoint) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'unused' },
  maxAttempts: 1,
});

/** An error response of AWS. */
export const refusal = (refuse: string, saying = 'no') => ({ refuse, saying });
