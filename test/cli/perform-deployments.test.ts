import { afterEach, describe, expect, test, vi } from 'vitest';
import { performDeployments } from '../../cli/commands/perform-deployments.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { RecordedDeployment } from '../../core/deployment/deployment.ts';
import { aFinished, aTarget } from './finished.ts';

const ofBundle = 'The leaf expires on 2026-11-30, in 1 day(s).';
const ofHost = 'not rehearsed: no sandbox';

/** Deploys to two targets, and returns each printed line that contains a warning. */
async function warningsPrinted(json: boolean): Promise<string[]> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const terminal = { out: print, err: print, interactive: false, width: 100, colours: plainColours };
  await performDeployments(
    [aTarget({ id: 'web-1' }), aTarget({ id: 'web-2' })],
    async ({ id }) => {
      const { output, events } = aFinished({ warnings: [ofBundle, ofHost] }, id);
      return { executionName: output.deploymentId, output, events };
    },
    { options: { local: true, json }, terminal, printed: [ofBundle] },
  );
  return lines.filter((line) => line.includes('warning: '));
}

/** Deploys to two targets with `--quiet`; the second has this outcome. Returns each printed line. */
async function printedQuietly(outcome: RecordedDeployment['outcome']) {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const terminal = { out: print, err: print, interactive: false, width: 100, colours: plainColours };
  const code = await performDeployments(
    [aTarget({ id: 'web-1' }), aTarget({ id: 'web-2' })],
    async ({ id }, onEvent) => {
      const { output, events } = aFinished(id === 'web-2' ? { outcome } : { warnings: [ofHost] }, id);
      events.forEach(onEvent);
      return { executionName: output.deploymentId, output, events };
    },
    { options: { local: true, quiet: true }, terminal },
  );
  return { code, text: lines.join('\n') };
}

describe('deployments with --quiet', () => {
  test('Deployments that succeed print nothing, neither states nor warnings', async () => {
    expect(await printedQuietly('deployed')).toEqual({ code: 0, text: '' });
  });

  test('A failed deployment prints its result, and the successful one nothing', async () => {
    const { code, text } = await printedQuietly('rolled_back');

    expect(code).toBe(13);
    expect(text).toContain('web-2  rolled_back');
    expect(text).not.toMatch(/web-1|AcquireLock|warning/);
  });
});

describe('the report of deployments', () => {
  test.each([
    ['text', false, [`  warning: ${ofHost}`, `  warning: ${ofHost}`]],
    ['JSON', true, [`warning: web-1: ${ofHost}`, `warning: web-2: ${ofHost}`]],
  ])('The report as %s does not repeat warnings about the bundle for each target', async (_, json, lines) => {
    expect(await warningsPrinted(json)).toEqual(lines);
  });
});

/** Presses Ctrl-C once while a deployment is in this state. Returns the exit code of the process, and what was printed. */
async function interruptedIn(state: string, where: object) {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const terminal = { out: print, err: print, interactive: false, width: 100, colours: plainColours };
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await performDeployments(
    [aTarget()],
    async ({ id }, onEvent) => {
      for (const name of ['AcquireLock', state]) {
        onEvent({ type: 'StateEntered', timestamp: 0, state: { name, type: 'Task' } });
      }
      process.emit('SIGINT');
      const { output, events } = aFinished({}, id);
      return { executionName: output.deploymentId, output, events };
    },
    { options: where, terminal },
  );
  return { exitCode: exit.mock.calls[0]?.[0], text: lines.join('\n') };
}

describe('Ctrl-C', () => {
  afterEach(() => void vi.restoreAllMocks());

  test('The first Ctrl-C ends the command at once while every deployment waits for its lock', async () => {
    const local = await interruptedIn('AcquireLock', { local: true });
    expect(local.exitCode).toBe(130);
    expect(local.text).toContain('nothing was changed');

    vi.restoreAllMocks();
    const stack = await interruptedIn('AcquireLock', { stack: 'Shop' });
    expect(stack.exitCode).toBe(130);
    expect(stack.text).toContain('continue without this command');
  });

  test('The first Ctrl-C waits for a deployment that has begun', async () => {
    const { exitCode, text } = await interruptedIn('PushBundle', { local: true });

    expect(exitCode).toBeUndefined();
    expect(text).toContain('Waiting for running deployments');
  });
});
