import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HAS_BROWSER, startBrowser, WatchedPage } from '../support/browser.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith } from '../support/programs.ts';

/** The dashboard in a real browser, in front of real controllers. */
describeWith('a browser (Debian: chromium)', HAS_BROWSER, () => {
  let browser: Browser;
  let cluster: Cluster;
  beforeAll(async () => {
    [browser, cluster] = await Promise.all([
      startBrowser(),
      startCluster({ level: 'linearizability', store: 'custom' }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
  });

  const homeOf = (id: number) => `http://127.0.0.1:${cluster.ports[id]}`;

  async function opened(
    view: string,
    options: Parameters<typeof WatchedPage.open>[1] = {},
  ): Promise<WatchedPage> {
    const watched = await WatchedPage.open(browser, options);
    await watched.page.goto(`${homeOf(0)}/#/${view}`);
    return watched;
  }

  it('shows every controller with its links, from one controller, without an error', async () => {
    await using watched = await opened('overview');
    const { page } = watched;
    await page.getByRole('heading', { name: 'Healthy' }).waitFor();
    expect(await page.getByText('Serves reads and writes').count()).toBeGreaterThanOrEqual(3);
    const links = page
      .getByRole('list', { name: /^Links of controller/ })
      .getByText('in step', { exact: true });
    await eventually(async () => (await links.count()) === 6);
    await page
      .getByRole('log', { name: /^Events/ })
      .getByText(/^View .* begins with controllers 0, 1, 2/)
      .first()
      .waitFor();
    await eventually(async () =>
      /\d MB/.test((await page.getByRole('img', { name: /^Memory:/ }).getAttribute('aria-label')) ?? ''),
    );
    expect(await page.locator('.chart canvas').count()).toBe(8);
    expect(watched.errors).toEqual([]);
    expect(watched.origins).toEqual([homeOf(0)]);
  });

  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const)('fits into a %s window of %i pixels in all its parts', async (colorScheme, width) => {
    await using watched = await opened('overview', { colorScheme, viewport: { width, height: 800 } });
    const { page } = watched;
    await page.getByRole('heading', { name: 'Healthy' }).waitFor();
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    const [red] = /\d+/.exec(`${background}`) ?? [];
    expect(Number(red) > 128).toBe(colorScheme === 'light');
    for (const name of ['Overview', 'Keyspaces', 'Keys', 'Console']) {
      await page.getByRole('link', { name, exact: true }).click();
      expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'), name).toBe(0);
    }
    expect(watched.errors).toEqual([]);
  });

  it('keeps the theme that was chosen, also over a new start', async () => {
    await using watched = await opened('overview', { colorScheme: 'light' });
    const { page } = watched;
    await page.getByLabel('Colours').selectOption('dark');
    await page.reload();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    expect(await page.getByLabel('Colours').inputValue()).toBe('dark');
  });

  it('carries commands out, and shows the key on all controllers', async () => {
    await using watched = await opened('console');
    const { page } = watched;
    await page.getByLabel('Controller that carries the commands out').selectOption('1');
    const command = page.getByLabel('Command', { exact: true });
    await command.fill('set seen:by-all hello there');
    await command.press('Enter');
    await page.getByRole('log', { name: 'Answers' }).getByText('STORED').waitFor();
    await command.press('ArrowUp');
    expect(await command.inputValue()).toBe('set seen:by-all hello there');
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.getByLabel('Key', { exact: true }).fill('seen:by-all');
    await page.getByRole('button', { name: 'Inspect' }).click();
    await page.getByText('All 3 replicas agree.').waitFor();
    const table = page.getByRole('table', { name: 'The key seen:by-all on all controllers' });
    expect(
      await table
        .getByRole('row', { name: /^Bytes/ })
        .getByText('11', { exact: true })
        .count(),
    ).toBe(3);
    await page.getByRole('table', { name: 'Hot keys' }).getByText('seen:by-all').waitFor();
    expect(watched.errors).toEqual([]);
  });

  it('changes the level of a keyspace', async () => {
    await using watched = await opened('keyspaces');
    const { page } = watched;
    const change = async (level: string) => {
      await page.getByRole('button', { name: 'Change the level of default' }).click();
      await page.getByRole('radio', { name: new RegExp(`^${level}`) }).check();
      await page.getByRole('button', { name: 'Change the level', exact: true }).click();
    };
    await change('sequential');
    await page.getByText('Default is at sequential now, and was at linearizability.').waitFor();
    await page
      .getByRole('row', { name: /^default/ })
      .getByText('sequential', { exact: true })
      .waitFor();
    await change('linearizability');
    await page.getByText('Default is at linearizability now, and was at sequential.').waitFor();
    expect(watched.errors).toEqual([]);
  });

  it('adds a keyspace, gives it another prefix and another scheme, and removes it', async () => {
    await using watched = await opened('keyspaces');
    const { page } = watched;
    const row = page.getByRole('row', { name: /^carts/ });
    await page.getByRole('button', { name: 'Add a keyspace' }).click();
    const added = page.getByRole('dialog', { name: 'Add a keyspace' });
    await added.getByLabel('Name').fill('carts');
    await added.getByLabel('Keys that begin with').fill('cart:');
    await added.getByRole('radio', { name: /^causal/ }).check();
    await added.getByRole('button', { name: 'Add the keyspace' }).click();
    await page.getByText('The change of carts has begun.').waitFor();
    await row.getByText('causal', { exact: true }).waitFor();

    await row.getByRole('button', { name: 'Change the prefix of carts' }).click();
    await page.getByRole('dialog').getByLabel('Keys that begin with').fill('c:');
    await page.getByRole('button', { name: 'Change the prefix', exact: true }).click();
    await row.getByText('c:', { exact: true }).waitFor();

    await row.getByRole('button', { name: 'Change the level of carts' }).click();
    await page.getByRole('radio', { name: /^sequential/ }).check();
    await page.getByRole('radio', { name: /^chain/ }).check();
    await page.getByRole('button', { name: 'Change the level', exact: true }).click();
    await row.getByText('sequential (chain)').waitFor();

    await row.getByRole('button', { name: 'Remove carts' }).click();
    await page.getByRole('button', { name: 'Remove the keyspace' }).click();
    await eventually(async () => (await row.count()) === 0);
    expect(watched.errors).toEqual([]);
  });

  it('can be used with the keyboard alone', async () => {
    await using watched = await opened('overview');
    const { page } = watched;
    await page.getByRole('heading', { name: 'Healthy' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Skip to the content');
    for (const name of ['Overview', 'Keyspaces']) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement?.textContent')).toBe(name);
    }
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Change the level of default' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await eventually(async () => (await page.getByRole('dialog').count()) === 0);
  });

  it('goes on with the other controllers when the one that served it is killed', async () => {
    await using watched = await opened('overview');
    const { page } = watched;
    await page.getByRole('heading', { name: 'Healthy' }).waitFor();
    await cluster.kill(0);
    try {
      await page.getByRole('heading', { name: 'Degraded' }).waitFor();
      await page.getByText(/^Controller 0 is down/).waitFor();
      await page.getByText(`from 127.0.0.1:${cluster.ports[1]}`).waitFor();
      const events = page.getByRole('log', { name: /^Events/ });
      await events
        .getByText(/^View .* begins with controllers 1, 2/)
        .first()
        .waitFor();
    } finally {
      cluster.start(0);
    }
    await page.getByRole('heading', { name: 'Healthy' }).waitFor();
    await cluster.ready();
    expect(watched.origins.every((origin) => cluster.ports.some((port) => origin.endsWith(`:${port}`)))).toBe(
      true,
    );
  });
});
