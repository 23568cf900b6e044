import type { SSMClient } from '@aws-sdk/client-ssm';

/** A call of the AWS API, such as SSM and DescribeDocument. */
export interface AwsCall {
  readonly service: string;
  readonly call: string;
}

const failedCalls = new WeakMap<Error, AwsCall>();

/** The call that failed with an error; null if no call is known. */
export function failedCallOf(error: Error): AwsCall | null {
  return failedCalls.get(error) ?? null;
}

/** An answer that does not come from AWS, or lacks what AWS always sends. The status makes the SDK retry as usual. */
export function unreadableAnswer(call: AwsCall, observed: string, httpStatusCode = 200): Error {
  const message = `the answer to ${call.service} ${call.call} is not from AWS: ${observed}`;
  const error = Object.assign(new Error(message), { name: unreadableName, $metadata: { httpStatusCode } });
  failedCalls.set(error, call);
  return error;
}

export const unreadableName = 'UnreadableAnswer';

/** A field that AWS always sends. Throws {@link unreadableAnswer} if it is missing. */
export function answered<Value>(value: Value | undefined, call: AwsCall, field: string): Value {
  if (value === undefined) throw unreadableAnswer(call, `it has no ${field}`);
  return value;
}

/** The middleware stack of a client. */
export type Middleware = Pick<SSMClient['middlewareStack'], 'add'>;

/** Adds to a client: records the call of each error, and refuses an answer in HTML. */
export function nameFailedCalls(middleware: Middleware): void {
  middleware.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (error instanceof Error && !failedCalls.has(error)) failedCalls.set(error, callOf(context));
        throw error;
      }
    },
    { step: 'initialize', name: 'nameFailedCalls', priority: 'high' },
  );
  middleware.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const { statusCode = 0, headers = {} } = result.response as Partial<Answer>;
      const type = headers['content-type'] ?? '';
      if (!type.startsWith('text/html')) return result;
      throw unreadableAnswer(callOf(context), `HTTP ${statusCode} with ${type}`, statusCode);
    },
    { step: 'deserialize', name: 'refuseHtml', priority: 'low' },
  );
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface CallContext {
  readonly clientName?: string;
  readonly commandName?: string;
}

function callOf({ clientName = 'AWS', commandName = 'call' }: CallContext): AwsCall {
  return { service: clientName.replace(/Client$/, ''), call: commandName.replace(/Command$/, '') };
}
