import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where systems have a browser that the tests can drive. */
const PLACES = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

const PROGRAM = PLACES.find((path) => path !== '' && existsSync(path));

/** For `describeWith`. */
export const HAS_BROWSER = PROGRAM !== undefined;

export async function startBrowser(): Promise<Browser> {
  // As root, as in a container, Chromium has no sandbox of its own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return await chromium.launch({ executablePath: PROGRAM!, args });
}

/** A page of its own, with what went wrong in it and what it asked for. */
export class WatchedPage {
  readonly page: Page;
  /** Messages of errors: uncaught ones, and those on the console. */
  readonly errors: string[] = [];
  readonly requested: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.errors.push(message.text());
    });
    page.on('request', (request) => this.requested.push(request.url()));
  }

  static async open(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    return new WatchedPage(await context.newPage());
  }

  /** The origins that the page has asked. */
  get origins(): string[] {
    return [...new Set(this.requested.map((url) => new URL(url).origin))].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
