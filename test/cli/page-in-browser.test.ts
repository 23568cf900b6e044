import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executionPage } from '../../cli/page/execution-page.ts';
import type { StateMachine } from '../../cli/terminal/built-files.ts';
import { chromiumProgram, isInView, openBrowser, overhang, type TestBrowser } from '../rigs/browser.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { aRolledBackExecution } from './events.ts';
import { aFinished } from './finished.ts';

const machine: StateMachine = JSON.parse(readFileSync('cdk/state-machines/deploy-target.asl.json', 'utf8'));

function aPage(): string {
  const execution = {
    executionName: 'web-1-x',
    status: 'FAILED',
    output: aFinished({ outcome: 'rolled_back' }).output,
    events: aRolledBackExecution(),
  };
  return executionPage({ machine, execution, waves: [] }, (words) => `certferry ${words} --local`);
}

describeWith([chromiumProgram], 'the page of an execution in Chromium', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  test('Chromium shows the page of an execution without an error, refused content or a request', async () => {
    const { page, complaints } = await browser.open(aPage(), { width: 1280 });

    expect(await page.title()).toBe('deploy-target web-1-x');
    expect(await isInView(page, '.outcome')).toBe(true);
    expect(await overhang(page)).toBe(0);
    expect(complaints).toEqual([]);
  });
});
