import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executionPage } from '../../cli/page/execution-page.ts';
import { timesIn } from '../../cli/render/times.ts';
import type { StateMachine } from '../../cli/terminal/built-files.ts';
import {
  chromiumProgram,
  contrastOf,
  isInView,
  openBrowser,
  overhang,
  type TestBrowser,
} from '../rigs/browser.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { aRolledBackExecution } from './events.ts';
import { aFinished } from './finished.ts';

const machine: StateMachine = JSON.parse(readFileSync('cdk/state-machines/deploy-target.asl.json', 'utf8'));

const rolledBack = {
  executionName: 'web-1-20261122T041500-1a2b3c4d',
  status: 'FAILED',
  output: aFinished({
    outcome: 'rolled_back',
    reason: 'LeafNotServed',
    summary:
      'the previous version is restored and served. 3 probes: 127.0.0.1:443 served sha256:cdcdcdcdcdcd…, not sha256:abababababab….',
  }).output,
  events: aRolledBackExecution(),
};
const page = executionPage(
  { machine, execution: rolledBack, waves: [] },
  (words) => `certferry ${words}`,
  timesIn('UTC'),
);
const path = [
  ...['AcquireLock', 'PushBundle', 'PushOutcome?', 'ProbeEndpoint', 'ProbeOutcome?', 'BackOff', 'ProbeFrom?'],
  ...['ProbeEndpoint', 'ProbeOutcome?', 'RollBack', 'RollBackOutcome?', 'ProbeRestored'],
  ...['ProbeRestoredOutcome?', 'RecordRolledBack', 'RolledBack'],
];

describeWith([chromiumProgram], 'the page of an execution in Chromium', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  test.each([
    { width: 1280, colorScheme: 'light' },
    { width: 1280, colorScheme: 'dark' },
    { width: 390, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
  ] as const)(
    'The outcome and the whole path taken are in view without scrolling: $width pixels, $colorScheme',
    async (viewing) => {
      const { page: opened, complaints } = await browser.open(page, viewing);

      expect(await isInView(opened, '.outcome')).toBe(true);
      expect(await isInView(opened, '.path')).toBe(true);
      expect(await overhang(opened)).toBe(0);
      expect(await contrastOf(opened, '.outcome')).toBeGreaterThan(7);
      expect(complaints).toEqual([]);
    },
  );

  test('The path taken has the visited states in order, and the page shows no state that was never entered', async () => {
    const { page: opened } = await browser.open(page, { width: 390 });

    const names = await opened.locator('.path li').allInnerTexts();
    expect(names.map((name) => name.replace(/^\S+\s+/, ''))).toEqual(path);
    const deployed = opened.getByText('Deployed', { exact: true });
    expect(await deployed.isVisible()).toBe(false);
    const never = Object.keys(machine.States).length - new Set(path).size;
    await opened.getByText(`The whole state machine, with ${never} states that were never entered`).click();
    expect(await deployed.isVisible()).toBe(true);
  });

  test.each([1280, 390] as const)(
    'The fingerprints of both versions are complete at %i pixels',
    async (width) => {
      const { page: opened } = await browser.open(page, { width });

      expect(await opened.locator('dd').allInnerTexts()).toEqual([
        rolledBack.output.fingerprint,
        rolledBack.output.previousFingerprint,
      ]);
      const ends = await opened
        .locator('dd')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
      expect(Math.max(...ends)).toBeLessThanOrEqual(width);
    },
  );

  test('The page is operated with the keyboard: Tab reaches each link, and Enter follows it or opens details', async () => {
    const { page: opened } = await browser.open(page, { width: 1280 });
    const { keyboard } = opened;

    await keyboard.press('Tab');
    expect(await opened.locator(':focus').getAttribute('aria-label')).toBe('AcquireLock, good');
    for (const _ of path.slice(1)) await keyboard.press('Tab');
    expect(await opened.locator(':focus').getAttribute('aria-label')).toBe('RolledBack, failed');
    await keyboard.press('Enter');
    await expect.poll(() => isInView(opened, '#visit-15:target')).toBe(true);

    await opened.getByText('complete record').focus();
    await keyboard.press('Enter');
    expect(await opened.getByText('"deploymentId"').isVisible()).toBe(true);
  });

  test('Every part of the page that a screen reader announces has a name', async () => {
    const { page: opened } = await browser.open(page, { width: 1280 });

    await expect(opened.getByRole('region', { name: 'Outcome' }).textContent()).resolves.toContain(
      'rolled_back',
    );
    expect(await opened.getByRole('table', { name: 'Visits' }).getByRole('rowheader').count()).toBe(
      path.length,
    );
    expect(await opened.getByRole('list', { name: 'Path taken' }).getByRole('link').count()).toBe(
      path.length,
    );
    const tree = await opened.locator('body').ariaSnapshot();
    expect(tree.match(/- (link|region|table|list|img|columnheader|rowheader)(:| \[|$)/gm)).toBeNull();
  });
});
