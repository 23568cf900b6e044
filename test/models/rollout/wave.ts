// A Distributed Map: one execution per item, with limited concurrency, and results in the format of a ResultWriter.
import type { DeploymentRequest } from '../../../core/deployment/deployment.ts';
import { type Execution, TaskError } from './execution.ts';
import type { Json } from './graph.ts';

export interface WaveInput {
  readonly reader: Json;
  readonly writer: Json;
  readonly atOnce: number;
  readonly number: number;
}

interface Bucket {
  get(key: string): string | undefined;
  put(key: string, body: string): void;
}

/** `renews`: a redriven Map starts failed items as new executions (local mode), or redrives them (Step Functions). */
export interface WaveContext {
  readonly bucket: Bucket;
  readonly renews: boolean;
  start(item: DeploymentRequest, wave: number): Execution;
  ended(execution: Execution): Promise<void>;
  failsToRead(): boolean;
  failsToWrite(): boolean;
}

export class Wave {
  readonly input: WaveInput;
  readonly #by: WaveContext;
  readonly #children = new Map<number, Execution>();
  /** Interrupted attempts that were started again, by item. */
  readonly #before: [number, Execution][] = [];
  #items: DeploymentRequest[] = [];
  #queue: [number, DeploymentRequest][] = [];
  #runs = 0;

  constructor(input: WaveInput, by: WaveContext) {
    this.input = input;
    this.#by = by;
  }

  children(): Execution[] {
    return [...this.#children.values()];
  }

  async run(): Promise<Json> {
    const text = this.#by.bucket.get(String(this.input.reader.Key));
    if (text === undefined || this.#by.failsToRead())
      throw new TaskError('States.ItemReaderFailed', 'no items');
    this.#items = JSON.parse(text) as DeploymentRequest[];
    this.#runs += 1;
    const queue = [...this.#items.entries()];
    this.#queue = queue;
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await this.#by.ended(this.#begin(...next));
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.input.atOnce, queue.length) }, worker));
    return this.#write();
  }

  stop(): void {
    this.#queue.length = 0;
    for (const child of this.children()) child.stop();
  }

  #begin(at: number, item: DeploymentRequest): Execution {
    const before = this.#children.get(at);
    if (before !== undefined && (before.status === 'SUCCEEDED' || before.isRunning)) return before;
    if (before !== undefined && !this.#by.renews) {
      before.redrive();
      return before;
    }
    if (before !== undefined) this.#before.push([at, before]);
    const child = this.#by.start(item, this.input.number);
    this.#children.set(at, child);
    void child.go();
    return child;
  }

  #write(): Json {
    if (this.#by.failsToWrite()) throw new TaskError('States.ResultWriterFailed', 'no results');
    const folder = `${String(this.input.writer.Prefix)}/${this.#runs}`;
    const results = [...this.#before, ...this.#children].map(([at, child]) =>
      resultOf(child, this.#items[at]),
    );
    const file = (status: string, those: Json[]) => {
      const Key = `${folder}/${status}_0.json`;
      this.#by.bucket.put(Key, JSON.stringify(those));
      return those.length === 0 ? [] : [{ Key, Size: 1 }];
    };
    const isWell = ({ Status }: Json) => Status === 'SUCCEEDED';
    const ResultFiles = {
      FAILED: file(
        'FAILED',
        results.filter((one) => !isWell(one)),
      ),
      PENDING: [],
      SUCCEEDED: file('SUCCEEDED', results.filter(isWell)),
    };
    const Key = `${folder}/manifest.json`;
    const { Bucket } = this.input.writer;
    this.#by.bucket.put(
      Key,
      JSON.stringify({ DestinationBucket: Bucket, MapRunArn: 'arn:map', ResultFiles }),
    );
    return { MapRunArn: 'arn:map', ResultWriterDetails: { Bucket, Key } };
  }
}

function resultOf({ plan, status, output, error, cause }: Execution, item: unknown): Json {
  const succeeded = status === 'SUCCEEDED';
  return {
    ExecutionArn: plan.arn,
    Name: plan.name,
    Status: status,
    Input: JSON.stringify(item),
    ...(succeeded
      ? { Output: JSON.stringify(output) }
      : { Error: error || undefined, Cause: cause || undefined }),
  };
}
