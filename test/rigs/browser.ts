import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { fileOf, program } from './require-daemon.ts';

/** For `describeWith`: Debian's Chromium, which {@link openBrowser} starts. */
export const chromiumProgram = program('chromium');

/** The conditions in which a reader opens a page. Sizes are CSS pixels. */
export interface Viewing {
  readonly width: 1280 | 390;
  readonly colorScheme?: 'light' | 'dark';
}

/** The visible heights of a laptop and of a phone, in CSS pixels. */
const heights = { 1280: 800, 390: 844 } as const;

/** One Chromium for all tests of a file: open it in `beforeAll`, close it in `afterAll`. */
export interface TestBrowser {
  /** Opens a self-contained page from a file, without network. */
  open(html: string, viewing: Viewing): Promise<OpenedPage>;
  close(): Promise<void>;
}

export interface OpenedPage {
  readonly page: Page;
  /** What the browser reported: errors of the console, refused content, and requests beyond the page itself. */
  readonly complaints: readonly string[];
}

/** Starts Chromium. Throws if it is not installed. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = fileOf('chromium');
  if (executablePath === undefined) throw new Error('chromium is not installed (apt-get install chromium)');
  const folder = mkdtempSync(join(tmpdir(), 'certferry-pages-'));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  let opened = 0;
  return {
    async open(html, viewing) {
      opened += 1;
      const file = join(folder, `${opened}.html`);
      writeFileSync(file, html);
      return await openFile(browser, file, viewing);
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function openFile(
  browser: Browser,
  file: string,
  { width, colorScheme = 'light' }: Viewing,
): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: { width, height: heights[width] },
    colorScheme,
    offline: true,
  });
  const page = await context.newPage();
  const address = pathToFileURL(file).href;
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== address) complaints.push(`requested ${request.url()}`);
  });
  await page.goto(address);
  return { page, complaints };
}

/** Whether an element is completely inside the window, without scrolling. */
export async function isInView(page: Page, selector: string): Promise<boolean> {
  const box = await page.locator(selector).first().boundingBox();
  const window = page.viewportSize();
  if (box === null || window === null) return false;
  return box.x >= 0 && box.y >= 0 && box.x + box.width <= window.width && box.y + box.height <= window.height;
}

/** The pixels by which the page is wider than the window; 0 means that no reader has to scroll sideways. */
export async function overhang(page: Page): Promise<number> {
  return await page.evaluate(
    'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)',
  );
}

/** The contrast of an element's text with its background, from 1 to 21, as WCAG 2 defines it. Both colours must be opaque. */
export async function contrastOf(page: Page, selector: string): Promise<number> {
  const styles = `getComputedStyle(document.querySelector(${JSON.stringify(selector)}))`;
  const text = await page.evaluate<string>(`${styles}.color`);
  const background = await page.evaluate<string>(`${styles}.backgroundColor`);
  const [dark = 0, light = 0] = [luminanceOf(text), luminanceOf(background)].sort(
    (one, other) => one - other,
  );
  return (light + 0.05) / (dark + 0.05);
}

/** The relative luminance of WCAG 2, of `rgb(R, G, B)`. */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
