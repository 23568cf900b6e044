import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import { setting } from '../../lambdas/runtime/environment.ts';
import { task } from '../../lambdas/runtime/task.ts';

const Input = z.object({ taskToken: z.string(), attempt: z.int() });
const Result = z.object({ summary: z.string() });

let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
    logged.push(String(line));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const event = {
  taskToken: 'TOKEN-SECRET',
  attempt: 1,
  deployment: { executionArn: 'arn:x', target: { id: 'web-1', config: { secret: 'CONFIG' } } },
};

describe('a task', () => {
  test('A task takes one parameter: Node 24’s runtime refuses three', () => {
    expect(
      task('T', { input: Input, result: Result, build: () => async () => ({ summary: '' }) }),
    ).toHaveLength(1);
  });

  test('A task builds its services at the first event, and once', async () => {
    let built = 0;
    const handler = task('T', {
      input: Input,
      result: Result,
      build: () => {
        built += 1;
        return async () => ({ summary: 'done' });
      },
    });

    expect(built).toBe(0);
    await handler(event);
    await handler(event);
    expect(built).toBe(1);
  });

  test('A task logs execution and target once, and never the event', async () => {
    await task('T', { input: Input, result: Result, build: () => async () => ({ summary: 'done' }) })(event);

    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({ message: 'T', execution: 'arn:x', target: 'web-1' });
    expect(logged[0]).not.toMatch(/TOKEN|CONFIG/);
  });

  test('A task refuses an event it cannot read, naming the fields and not their values', async () => {
    const handler = task('T', { input: Input, result: Result, build: () => async () => ({ summary: '' }) });

    await expect(handler({ taskToken: 7, attempt: 'TOKEN-SECRET' })).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringMatching(/^(?!.*TOKEN-SECRET).*taskToken.*attempt/),
    });
  });

  test('A task lets an error through as it is: its name is what the state machine matches', async () => {
    const error = new CertferryError('LockHeld', 'held');
    const handler = task('T', {
      input: Input,
      result: Result,
      build: () => async () => {
        throw error;
      },
    });

    await expect(handler(event)).rejects.toBe(error);
  });

  test('A task shortens a long message and its repetition in the stack, so that the JSON of the error stays whole', async () => {
    const error = new CertferryError('InvalidRequest', `unknown: ${'web-1, '.repeat(50_000)}end`);
    const handler = task('T', {
      input: Input,
      result: Result,
      build: () => async () => {
        throw error;
      },
    });

    await expect(handler(event)).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringMatching(/^unknown: web-1.* … \(\d+ bytes left out\) … .*end$/),
    });
    // the trace of Lambda's error response comes from the stack
    const cause = JSON.stringify({ errorMessage: error.message, trace: error.stack?.split('\n') });
    expect(Buffer.byteLength(cause)).toBeLessThan(32_768);
  });

  test('A task refuses to answer what is not of its result’s shape', async () => {
    const handler = task('T', {
      input: Input,
      result: Result,
      build: () => async () => ({ summary: 7 as unknown as string }),
    });

    await expect(handler(event)).rejects.toThrow('the result of T is invalid: summary');
  });
});

describe('a setting', () => {
  test('A setting is the value of its environment variable', () => {
    expect(setting('LOCKS_TABLE', { LOCKS_TABLE: 'locks' })).toBe('locks');
    expect(setting('DOCUMENT_VERSION', { DOCUMENT_VERSION: '$DEFAULT' })).toBe('$DEFAULT');
    expect(setting('DOCUMENT_HASH', { DOCUMENT_HASH: '' })).toBeUndefined();
  });

  test.each([
    ['LOCKS_TABLE', {}, 'LOCKS_TABLE is not set'],
    ['DOCUMENT_VERSION', { DOCUMENT_VERSION: 'latest' }, 'DOCUMENT_VERSION is invalid: "latest"'],
  ] as const)('%s throws when the stack did not set it properly', (name, environment, message) => {
    expect(() => setting(name, environment)).toThrow(message);
  });
});
