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

/** The thread, and its end: when all that it printed is in the log. */
interface RunningWorker {
  readonly worker: Worker;
  readonly ended: Promise<void>;
}

/** A function that hangs does not keep local mode from closing for longer than this. */
const patienceMilliseconds = 2_000;

/** Starts nothing until the first call; a thread that died is replaced by the next call. */
export function openLambdas(options: LambdasOptions): Lambdas {
  const waiting = new Map<number, PendingReply>();
  let running: RunningWorker | null = null;
  let lastId = 0;
  const onDeath = (reason: string) => {
    running = null;
    for (const { reject } of waiting.values()) reject(failure('Lambda.Unknown', reason));
    waiting.clear();
  };
  return {
    async invoke(functionName, payload) {
      running ??= startWorker(options, waiting, onDeath);
      const reply = Promise.withResolvers<Reply>();
      lastId += 1;
      waiting.set(lastId, reply);
      const request: Request = { id: lastId, functionName, payload: JSON.stringify(payload ?? null) };
      running.worker.postMessage(request);
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
  waiting: Map<number, PendingReply>,
  onDeath: (reason: string) => void,
): RunningWorker {
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
  worker.once('error', (error) => onDeath(error instanceof Error ? error.message : String(error)));
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      onDeath('the thread of the functions ended');
      log.end(() => resolve());
    });
  });
  return { worker, ended };
}

function failure(errorType: string, cause: string): LambdaFailure {
  return Object.assign(new Error(`${errorType}: ${cause}`), { errorType, cause });
}
