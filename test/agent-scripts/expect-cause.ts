import { expect } from 'vitest';
import type { ScriptResult } from './bootstrap-host.ts';

/** Expects that the bootstrap script refused to start the agent, with the cause in the last line. */
export function expectCause(ended: ScriptResult, cause: string | RegExp): void {
  expect(ended).toMatchObject({ status: 125, stdout: '' });
  expect(ended.stderr.trimEnd().split('\n').at(-1)).toMatch(cause);
}
