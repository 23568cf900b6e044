import { Worker } from 'node:worker_threads';
import { programs } from '../base/artefacts.ts';
import { openLogStream } from '../base/log-stream.ts';
import type { Reply, Request, WorkerOptions } from './lambda-worker.ts';

/** A function that threw: `cause` is the JSON that the Lambda service makes of it. */
export interface LambdaFailure extends Error {
  readonly errorType: string;
  readonly cause: string;
}

export function isLambdaFailure(error: unknown): error is LambdaFailure {
  return error instanceof Error && 'errorType' in error;
}

/** The functions of the stack, all in one thread. */
export interface Lambdas {
  /** Gives the result as JSON would contain it. Throws {@link LambdaFailure}. */
  invoke(functionName: string, payload: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface LambdasOptions {
  /** Holds one folder a function, with its `index.mjs`. */
  readonly folder: string;
  /** The file of the database, which the thread opens itself. */
  readonly database: string;
  /** The path of the Unix socket of each host name; none in tests without endpoints. */
  readonly sockets?: Readonly<Record<string, string>>;
  /** The whole environment of the functions. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes what they print. */
  readonly log: string;
}

type PendingReply = PromiseWithResolvers<Reply>;

/** The thread, its calls, and its end: when all that it printed is in the log. */
interface RunningWorker {
  readonly worker: Worker;
  readonly waiting: Map<number, PendingReply>;
  readonly ended: Promise<void>;
}

/** A function that hangs does not keep local mode from closing for longer than this. */
const patienceMilliseconds = 2_000;

/** Starts nothing until the first call; a thread that died is replaced by the next call. */
export function openLambdas(options: LambdasOptions): Lambdas {
  let running: RunningWorker | null = null;
  let lastId = 0;
  // an error is reported before the exit: by then a successor may serve further calls
  const onDeath = (dead: RunningWorker, reason: string) => {
    if (running === dead) running = null;
    for (const { reject } of dead.waiting.values()) reject(failure('Lambda.Unknown', reason));
    dead.waiting.clear();
  };
  return {
    async invoke(functionName, payload) {
      running ??= startWorker(options, onDeath);
      const { worker, waiting } = running;
      const reply = Promise.withResolvers<Reply>();
      lastId += 1;
      waiting.set(lastId, reply);
      const request: Request = { id: lastId, functionName, payload: JSON.stringify(payload ?? null) };
      worker.postMessage(request);
      const { result, error } = await reply.promise;
      if (error !== undefined) throw failure(error.errorType, JSON.stringify(error));
      return JSON.parse(result ?? 'null');
    },
    async close() {
      if (running === null) return;
      const { worker, ended } = running;
      const impatience = setTimeout(() => void worker.terminate(), patienceMilliseconds);
      worker.postMessage('end');
      await ended;
      clearTimeout(impatience);
    },
  };
}

function startWorker(
  options: LambdasOptions,
  onDeath: (dead: RunningWorker, reason: string) => void,
): RunningWorker {
  const waiting = new Map<number, PendingReply>();
  const worker = new Worker(programs.lambdaWorker, {
    env: options.environment,
    workerData: {
      folder: options.folder,
      database: options.database,
      sockets: options.sockets ?? {},
    } satisfies WorkerOptions,
    stdout: true,
    stderr: true,
  });
  const outputs = [worker.stdout, worker.stderr];
  // a stream without a reader would stop the thread
  const log = openLogStream(options.log, () => outputs.forEach((output) => void output.resume()));
  for (const output of outputs) output.pipe(log, { end: false });
  worker.on('message', (reply: Reply) => {
    waiting.get(reply.id)?.resolve(reply);
    waiting.delete(reply.id);
  });
  const ended = Promise.withResolvers<void>();
  const started: RunningWorker = { worker, waiting, ended: ended.promise };
  worker.once('error', (error) => onDeath(started, error instanceof Error ? error.message : String(error)));
  worker.once('exit', () => {
    onDeath(started, 'the thread of the functions ended');
    log.end(() => ended.resolve());
  });
  return started;
}

function failure(errorType: string, cause: string): LambdaFailure {
  return Object.assign(new Error(`${errorType}: ${cause}`), { errorType, cause });
}
