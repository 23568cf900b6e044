import { afterAll, beforeAll, expect, test } from 'vitest';
import { statusPage } from '../../cli/page/status-page.ts';
import { timesIn } from '../../cli/render/times.ts';
import { anOutdatedStatus, aStatus, presentSeconds } from '../fixtures/target-statuses.ts';
import { chromiumProgram, isInView, openBrowser, overhang, type TestBrowser } from '../rigs/browser.ts';
import { describeWith } from '../rigs/require-daemon.ts';

/** A fleet with long names: one target expired, one is outdated, and the others are healthy. */
function aPage(healthy: number): string {
  const statuses = [
    aStatus({ targetId: 'db-1', condition: 'expired', notAfter: presentSeconds - 2 * 86_400 }),
    anOutdatedStatus({ lock: { executionName: 'web-2-y', since: '2026-11-22T11:58:00.000Z' } }),
    ...Array.from({ length: healthy }, (_, at) =>
      aStatus({
        targetId: `web-fleet.i-0123456789abcdef${at}`,
        certificate: at % 2 ? 'api.example.com' : 'a-very-long-name.of-a-department.www.example.com',
        notAfter: presentSeconds + 86_400 * (20 + (at % 60)),
      }),
    ),
  ];
  return statusPage(statuses, {
    now: new Date(presentSeconds * 1_000),
    own: (words) => `certferry ${words} --stack Certferry --region eu-west-1`,
    times: timesIn('UTC'),
  });
}

describeWith([chromiumProgram], 'the page of the statuses in Chromium', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  test.each([1280, 390] as const)(
    'Chromium shows the summary of the statuses without scrolling, and no line is wider than %i pixels',
    async (width) => {
      const { page, complaints } = await browser.open(aPage(9), { width });

      expect(await page.title()).toBe('certferry status');
      expect(await isInView(page, '.outcome')).toBe(true);
      expect(await isInView(page, '.expiries tbody tr')).toBe(true);
      expect(await overhang(page)).toBe(0);
      expect(complaints).toEqual([]);
    },
  );

  test('The page of the statuses is dark for readers who prefer it', async () => {
    const background = 'getComputedStyle(document.body).backgroundColor';
    const { page: light } = await browser.open(aPage(1), { width: 390 });
    const { page: dark } = await browser.open(aPage(1), { width: 390, colorScheme: 'dark' });

    expect(await light.evaluate(background)).toBe('rgb(255, 255, 255)');
    expect(await dark.evaluate(background)).toBe('rgb(13, 17, 23)');
  });

  test('Thousands of healthy targets are folded under their certificate, and a key opens them', async () => {
    const { page } = await browser.open(aPage(2_000), { width: 1280 });
    const last = page.locator('[aria-label="web-fleet.i-0123456789abcdef1998"]');

    expect(await page.locator('[aria-label="web-2"]').isVisible()).toBe(true);
    expect(await last.isVisible()).toBe(false);
    await page.locator('summary', { hasText: 'a-very-long-name' }).focus();
    await page.keyboard.press('Enter');

    expect(await last.isVisible()).toBe(true);
  });
});
