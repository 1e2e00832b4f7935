// Runs the browser stories one after another and closes with `# pass N` and `# fail N`. Arguments name some of them.

import { readdirSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const HERE = new URL(".", import.meta.url).pathname;
/** The longest story, with a busy machine allowed for. */
const STORY_MS = 300_000;

const wanted = process.argv.slice(2);
const stories = readdirSync(HERE).filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));

let passed = 0;
let failed = 0;
const running = run({ files: stories.map((name) => HERE + name), concurrency: 1, timeout: STORY_MS });
/** A file or a suite is no test of its own, but one that breaks outside its tests must count. */
const counts = (data) => data.details?.type !== "suite" && !(data.nesting === 0 && data.name.endsWith(".test.mjs"));
running.on("test:pass", (data) => (passed += counts(data) && data.skip === undefined ? 1 : 0));
running.on("test:fail", (data) => (failed += 1));
running.compose(spec).pipe(process.stdout);
running.on("end", () => {
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  process.on("exit", () => console.log(`# pass ${passed}\n# fail ${failed}`));
});
