// Raw samples of the measurements, one line of JSON each on standard output. What is judged is decided elsewhere.

import { startDemo } from "./demo.mjs";

export function sample(name, value, unit, more = {}) {
  const rounded = typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
  console.log(JSON.stringify({ name, value: rounded, unit, ...more }));
}

/** Runs a measurement against a demo of its own, with its `options`; `later` takes what must be closed afterwards, last first. */
export async function measure(body, options = {}) {
  const open = [];
  const later = (close) => open.push(close);
  try {
    const demo = await startDemo(options);
    later(() => demo.stop());
    await body(demo, later);
  } finally {
    for (const close of open.reverse()) await close();
  }
}
