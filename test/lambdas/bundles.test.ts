import { globSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const tasks = globSync('lambdas/handlers/*/*.ts', { cwd: root }).map((file) => basename(file, '.ts'));
const bundle = (name: string) => join(root, 'dist/lambdas', name, 'index.mjs');

/** Minified, without the AWS SDK, which Lambda's runtime brings. */
const largestBytes = 320 * 1024;

/** The function that runs the agent has the clients of all stores. */
const largestAgentBytes = 8 * 1024 * 1024;

interface StateMachine {
  readonly States: Readonly<Record<string, { readonly Parameters?: { readonly FunctionName?: string } }>>;
}

/** The functions that the state machines' files call, as file names. */
function calledTasks(): string[] {
  const names = ['deploy-target', 'rollout'].flatMap((machine) => {
    const file = join(root, `cdk/state-machines/${machine}.asl.json`);
    const { States } = JSON.parse(readFileSync(file, 'utf8')) as StateMachine;
    return Object.values(States).flatMap(({ Parameters }) => Parameters?.FunctionName ?? []);
  });
  return [...new Set(names)].map((name) =>
    name
      .replace(/^\$\{(.*)Arn\}$/, '$1')
      .replaceAll(/(?!^)[A-Z]/g, (letter) => `-${letter}`)
      .toLowerCase(),
  );
}

describe('the built Lambdas', () => {
  beforeAll(() => {
    const sizes = tasks.map((name) => `${name} ${(statSync(bundle(name)).size / 1024).toFixed(0)}`);
    process.stdout.write(`Lambda bundles, KiB: ${sizes.join(', ')}\n`);
  });

  test('The built Lambdas are those that state machines, events, operators and CloudFormation call', () => {
    const others = [
      'start-rollouts',
      'decide-approval',
      'command-status',
      'run-agent',
      'find-hosts',
      'release-lock',
      'sweep',
      'sync-registry',
      'read-job-keys',
    ];
    expect(tasks.toSorted()).toEqual([...calledTasks(), ...others].toSorted());
  });

  test.each(tasks)('%s exports a handler that Node 24’s runtime accepts', async (name) => {
    const { handler } = await import(pathToFileURL(bundle(name)).href);

    expect(handler).toBeTypeOf('function');
    expect(handler.length).toBeLessThanOrEqual(2);
  });

  test.each(tasks)('%s is at most 320 KiB, or 8 MiB with the clients of stores', (name) => {
    const largest = name === 'run-agent' ? largestAgentBytes : largestBytes;
    expect(statSync(bundle(name)).size).toBeLessThanOrEqual(largest);
  });
});
