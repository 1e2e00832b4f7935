// The server under test: `tongke demo` on free ports with a data directory of its own, ended by its own process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = new URL("../../", import.meta.url).pathname;
const READY_MS = 30_000;
const END_MS = 15_000;

/** The program built last, or the one named by TONGKE_BIN. */
export function program() {
  const named = process.env.TONGKE_BIN;
  if (named !== undefined) return named;
  const built = ["debug", "release"].map((profile) => join(ROOT, "target", profile, "tongke"));
  const found = built.find((path) => existsSync(path));
  if (found === undefined) throw new Error("there is no target/debug/tongke: run cargo build first");
  return found;
}

/**
 * Starts a demo and waits until it says it is ready. Stopping it also removes its data, unless told to keep them. `mediaPort`
 * is the first of its media ports, one a processor; 0 lets it choose.
 */
export async function startDemo({ points = 3, data = null, mediaPort = 0, more = [] } = {}) {
  const directory = data ?? (await mkdtemp(join(tmpdir(), "tongke-demo-")));
  const options = ["--listen", "127.0.0.1:0", "--media-port", String(mediaPort), "--data", directory, "--points", String(points), "--json", ...more];
  const child = spawn(program(), ["demo", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const log = [];
  child.stderr.setEncoding("utf8").on("data", (text) => log.push(text));
  const ready = await firstLine(child, log);
  return {
    ...ready,
    data: directory,
    pid: child.pid,
    log: () => log.join(""),
    stop: async ({ keepData = process.env.TONGKE_KEEP !== undefined } = {}) => {
      await end(child);
      if (!keepData) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function firstLine(child, log) {
  const lines = createInterface({ input: child.stdout });
  const deadline = AbortSignal.timeout(READY_MS);
  const gone = once(child, "exit", { signal: deadline }).then(([code]) => {
    throw new Error(`the demo ended with code ${code}: ${log.join("")}`);
  });
  gone.catch(() => undefined);
  const [line] = await Promise.race([once(lines, "line", { signal: deadline }), gone]);
  return JSON.parse(line);
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
  const [code] = await ended;
  clearTimeout(late);
  if (code !== 0) throw new Error(`the demo did not end cleanly: code ${code}`);
}

/** One HTTP request as a person of the demo; `token` null sends none. */
export async function ask(demo, method, path, { token = null, body, type, headers = {} } = {}) {
  const all = { ...headers };
  if (token !== null) all.authorization = `Bearer ${token}`;
  if (type !== undefined) all["content-type"] = type;
  const response = await fetch(demo.base + path, { method, headers: all, body });
  const text = await response.text();
  const json = (response.headers.get("content-type") ?? "").includes("json");
  return { status: response.status, headers: response.headers, text, json: json ? JSON.parse(text) : null };
}
