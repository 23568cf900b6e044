// One call of a function. Each of its service calls waits for its turn, and may be throttled, repeated by the SDK, or lose
// its response. The function may be killed after any of them.
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { TaskError } from './execution.ts';
import type { World } from './world.ts';

const never = new Promise<never>(() => undefined);
const named = (name: string) => Object.assign(new Error(name), { name });

export class Invocation {
  readonly world: World;
  /** Rejects if the function is killed, or if its caller gives up. */
  readonly broken: Promise<never>;
  #break: (error: Error) => void = () => {};
  #dead = false;
  readonly #waitsForToken: boolean;

  /** `waitsForToken`: the state that calls it has a longer timeout than the function. */
  constructor(world: World, waitsForToken = false) {
    this.world = world;
    this.#waitsForToken = waitsForToken;
    this.broken = new Promise((_, reject) => {
      this.#break = reject;
    });
    this.broken.catch(() => undefined);
  }

  /** Waits for its turn, then runs the call, which may fail. `repeats`: the retry of the SDK after a lost response. */
  call<Result>(run: () => Result, repeats: () => Result = run): Promise<Result> {
    return this.world.interleaver.call(() => this.#turn(run, repeats) as Result);
  }

  #turn<Result>(run: () => Result, repeats: () => Result): Result | Promise<never> {
    if (this.#dead) return never;
    this.world.now += 50;
    const { world } = this;
    if (!world.chance(4)) return run();
    const drawn = world.interleaver.draw(100);
    if (drawn < 25) throw world.counted('throttled') && named('ProvisionedThroughputExceededException');
    const result = run();
    if (drawn < 50) return world.counted('repeated by the SDK') && repeats();
    if (drawn < 60) throw world.counted('answers lost') && named('TimeoutError');
    if (drawn < 70) {
      world.count('functions given up while they worked');
      this.#break(new TaskError('Lambda.Unknown', 'given up'));
      return result;
    }
    world.count('functions killed');
    this.#dead = true;
    world.atWork -= 1;
    // Lambda ends a function only if its state does not time out before
    this.#break(new TaskError(this.#waitsForToken ? 'Sandbox.Timedout' : 'States.Timeout', 'killed'));
    return never;
  }

  /** A transaction has a token: a retry of the SDK does not run it twice. */
  readonly documents: DynamoDBDocumentClient = Object.create(DynamoDBDocumentClient.prototype, {
    send: {
      value: (command: object) => {
        const run = () => this.world.memory.run(command);
        return this.call(run, command instanceof TransactWriteCommand ? () => ({}) : run);
      },
    },
  });

  readonly s3: S3Client = Object.create(S3Client.prototype, {
    send: { value: (command: object) => this.call(() => this.#object(command)) },
  });

  #object(command: object): object {
    const { bucket } = this.world;
    if (command instanceof PutObjectCommand) {
      bucket.set(String(command.input.Key), String(command.input.Body));
      return {};
    }
    if (!(command instanceof GetObjectCommand)) throw new Error('the bucket knows no such call');
    const body = bucket.get(String(command.input.Key));
    if (body === undefined) throw new NoSuchKey({ message: 'none', $metadata: {} });
    return { Body: { transformToString: async () => body } };
  }
}
