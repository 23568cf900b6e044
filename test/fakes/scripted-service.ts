// Cannot show: AWS's own checks of a request, throttling over time, eventual consistency.
import { type JsonEndpoint, type Operation, startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { ServiceError } from '../../local/http/service-error.ts';

type Answer = Record<string, unknown> | { readonly refuse: string; readonly saying: string };

export interface ScriptedService extends JsonEndpoint {
  readonly requests: Record<string, unknown>[];
  /** What the next requests are answered, the last one for good. */
  answers: Answer[];
}

/** One AWS service over its real JSON protocol, answering what a test scripts. */
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

/** How a client is told to speak to it. */
export const clientFor = ({ endpoint }: JsonEndpoint) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'unused' },
  maxAttempts: 1,
});

/** A refusal of AWS. */
export const refusal = (refuse: string, saying = 'no') => ({ refuse, saying });
