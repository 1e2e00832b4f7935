// Screenshots of pages and states, kept in tests/out/screens for people to look at.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

const OUT = new URL("../out/screens/", import.meta.url).pathname;
const SIZES = [[1920, 1080], [1366, 768], [360, 740]];

/** One picture at the size the page has. */
export async function keepScreen(page, name) {
  await mkdir(OUT, { recursive: true });
  await page.screenshot({ path: join(OUT, `${name}.png`) });
}

/** The same state on a classroom panel, a laptop and a telephone; the page then has its old size again. */
export async function keepScreens(page, name) {
  const before = page.viewportSize();
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await settled(page);
    await keepScreen(page, `${name}-${width}x${height}`);
  }
  await page.setViewportSize(before);
}

/** Two frames drawn since the size changed. */
function settled(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
}
