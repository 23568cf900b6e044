import { describe, expect, test } from 'vitest';
import { performDeployments } from '../../cli/commands/perform-deployments.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
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

describe('the report of deployments', () => {
  test.each([
    ['text', false, [`  warning: ${ofHost}`, `  warning: ${ofHost}`]],
    ['JSON', true, [`warning: web-1: ${ofHost}`, `warning: web-2: ${ofHost}`]],
  ])('The report as %s does not repeat warnings about the bundle for each target', async (_, json, lines) => {
    expect(await warningsPrinted(json)).toEqual(lines);
  });
});
