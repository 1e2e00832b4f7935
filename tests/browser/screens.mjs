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
export async function keepScreens(page, name, atEach = async () => undefined) {
  const before = page.viewportSize();
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await settled(page);
    await keepScreen(page, `${name}-${width}x${height}`);
    await atEach(`${width}x${height}`);
  }
  await page.setViewportSize(before);
}

/** Two frames drawn since the size changed. */
function settled(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
}

/**
 * What sticks out of the screen to the side, and words that their button or badge cuts off. A strip that is pushed along by
 * the thumb may be longer than the screen.
 */
export function tooWide(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    const parents = function* (element) {
      for (let parent = element.parentElement; parent !== null; parent = parent.parentElement) yield parent;
    };
    const found = root.scrollWidth > root.clientWidth ? [`the page is ${root.scrollWidth} wide`] : [];
    for (const element of document.querySelectorAll("button, a, h1, h2, label, select, [class*=badge]")) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || getComputedStyle(element).visibility === "hidden" || element.closest(".unseen") !== null) continue;
      const name = `${element.tagName.toLowerCase()} "${element.textContent.trim().slice(0, 30)}"`;
      const pushed = [...parents(element)].some((parent) => getComputedStyle(parent).overflowX === "auto");
      if (!pushed && (box.right > root.clientWidth + 1 || box.left < -1)) found.push(`${name} sticks out`);
      if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) found.push(`${name} is cut off`);
    }
    return found;
  });
}
