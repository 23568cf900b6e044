// A thread in which the stack's Lambda functions run as they were built, with an environment of their own. It stands in
// for the Lambda runtime: one event in, one result or error out.
//
// What it cannot show: cold starts, concurrency limits, timeouts, and one event at a time (here one copy of a function
// serves all at once).
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { timeBudgets } from '../../core/time-budgets.ts';
import { builtSdk } from '../base/artefacts.ts';
import { openEngine } from '../dynamodb/engine.ts';
import { engineHost, respond } from '../dynamodb/request-handler.ts';
import { interceptForSocket, interceptRequests } from '../http/intercept.ts';
import { resolveSdkIn } from './resolve-sdk.ts';

export interface Request {
  readonly id: number;
  readonly functionName: string;
  /** JSON. */
  readonly payload: string;
}

export interface Reply {
  readonly id: number;
  /** JSON. */
  readonly result?: string;
  readonly error?: { errorType: string; errorMessage: string; trace: string[] };
}

type Handler = (event: unknown, context: object) => Promise<unknown>;

export interface WorkerOptions {
  /** Holds one folder a function, with its `index.mjs`. */
  readonly folder: string;
  /** The file of the database. */
  readonly database: string;
  /** The path of the Unix socket of each host name. */
  readonly sockets: Readonly<Record<string, string>>;
}

const { folder, database, sockets } = workerData as WorkerOptions;
if (builtSdk !== null) resolveSdkIn(builtSdk);
const engine = openEngine({ path: database });
interceptRequests(engineHost, (request) => respond(engine, request));
for (const [host, path] of Object.entries(sockets)) interceptForSocket(host, path);

const handlers = new Map<string, Promise<Handler>>();

function handlerOf(functionName: string): Promise<Handler> {
  const known = handlers.get(functionName);
  if (known !== undefined) return known;
  const file = pathToFileURL(join(folder, functionName, 'index.mjs')).href;
  const loading = (import(file) as Promise<{ handler: Handler }>).then(({ handler }) => handler);
  handlers.set(functionName, loading);
  return loading;
}

async function serve({ id, functionName, payload }: Request): Promise<Reply> {
  try {
    const handler = await handlerOf(functionName);
    const result = await handler(JSON.parse(payload), contextOf(functionName));
    return { id, result: JSON.stringify(result ?? null) };
  } catch (error) {
    return { id, error: described(error) };
  }
}

/** As the Lambda runtime for Node reports what a handler threw. */
function described(error: unknown): NonNullable<Reply['error']> {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

/** The longest any function of the stack may take. */
const timeoutMilliseconds = timeBudgets.planState * 1000;

function contextOf(functionName: string) {
  const deadline = Date.now() + timeoutMilliseconds;
  return {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    memoryLimitInMB: '256',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

parentPort?.on('message', (request: Request | 'end') => {
  if (request === 'end') end();
  else void serve(request).then((reply) => parentPort?.postMessage(reply));
});

function end(): void {
  engine.close();
  // the callback runs when the other thread has everything that was printed before
  process.stdout.write('', () => process.exit(0));
}
