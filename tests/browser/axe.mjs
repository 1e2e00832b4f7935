// Accessibility: axe-core on a page as it stands.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const GRAVE = ["serious", "critical"];

/** What axe-core finds that keeps people out, one line each. */
export async function graveFindings(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  if (passes.length === 0) throw new Error("axe-core found nothing to look at");
  return violations.filter(({ impact }) => GRAVE.includes(impact)).flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id} (${help}): ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`));
}
