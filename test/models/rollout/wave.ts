// One Distributed Map: an execution for each item, so many at a time, and the results in the form of AWS's ResultWriter.
import type { DeploymentRequest } from '../../../core/deployment/deployment.ts';
import { type Execution, TaskError } from './execution.ts';
import type { Json } from './graph.ts';

export interface Taken {
  readonly reader: Json;
  readonly writer: Json;
  readonly atOnce: number;
  readonly number: number;
}

interface Bucket {
  get(key: string): string | undefined;
  put(key: string, body: string): void;
}

/** `renew`: a redriven Map begins what had not ended well as new executions (local mode), or lets the old ones go on. */
export interface WaveAround {
  readonly bucket: Bucket;
  readonly renews: boolean;
  start(item: DeploymentRequest, wave: number): Execution;
  ended(execution: Execution): Promise<void>;
  failsToRead(): boolean;
  failsToWrite(): boolean;
}

export class Wave {
  readonly taken: Taken;
  readonly #by: WaveAround;
  readonly #children = new Map<number, Execution>();
  /** Attempts that broke off and were begun anew, by their item. */
  readonly #before: [number, Execution][] = [];
  #items: DeploymentRequest[] = [];
  #queue: [number, DeploymentRequest][] = [];
  #runs = 0;

  constructor(taken: Taken, by: WaveAround) {
    this.taken = taken;
    this.#by = by;
  }

  children(): Execution[] {
    return [...this.#children.values()];
  }

  async run(): Promise<Json> {
    const text = this.#by.bucket.get(String(this.taken.reader.Key));
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
    await Promise.all(Array.from({ length: Math.min(this.taken.atOnce, queue.length) }, worker));
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
    const child = this.#by.start(item, this.taken.number);
    this.#children.set(at, child);
    void child.go();
    return child;
  }

  #write(): Json {
    if (this.#by.failsToWrite()) throw new TaskError('States.ResultWriterFailed', 'no results');
    const folder = `${String(this.taken.writer.Prefix)}/${this.#runs}`;
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
    const { Bucket } = this.taken.writer;
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
