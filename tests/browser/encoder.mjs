// An encoder that is no browser: ffmpeg's WHIP publisher.

import { spawn } from "node:child_process";
import { once } from "node:events";

import { whipArguments, whipFfmpeg } from "./media.mjs";

/** Starts it for at most `seconds`. */
export function startEncoder(demo, token, { seconds = 60 } = {}) {
  const url = `${demo.base}/whip/${demo.lesson}`;
  const child = spawn(whipFfmpeg(), whipArguments(url, token, seconds), { stdio: ["ignore", "ignore", "pipe"] });
  const log = [];
  child.stderr.setEncoding("utf8").on("data", (text) => log.push(text));
  const ended = once(child, "exit");
  return {
    log: () => log.join(""),
    running: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
