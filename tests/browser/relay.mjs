// A weak line for one page: a relay (`impair`) that the page's media goes through, and nobody else's. Pages and signaling
// go past it.

import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = new URL("../../", import.meta.url).pathname;
const HOST = "127.0.0.1";
/** The server has one media port a processor, one after the other. */
const PORTS = availableParallelism();
const ANSWER_MS = 10_000;
const TRIES = 50;

/** The relay built last, or the one named by TONGKE_IMPAIR. */
function program() {
  const named = process.env.TONGKE_IMPAIR;
  if (named !== undefined) return named;
  const built = ["debug", "release"].map((profile) => join(ROOT, "target", profile, "impair"));
  const found = built.find((path) => existsSync(path));
  if (found === undefined) throw new Error("there is no target/debug/impair: run cargo build -p sim first");
  return found;
}

/** The first of as many free UDP ports in a row as the server takes: a relay must know them beforehand. */
export async function freeMediaPort() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = await bound(0);
    const base = first.address().port;
    const more = await Promise.allSettled(Array.from({ length: PORTS - 1 }, (_, index) => bound(base + 1 + index)));
    const free = more.every(({ status }) => status === "fulfilled");
    for (const socket of [first, ...more.filter(({ status }) => status === "fulfilled").map(({ value }) => value)]) {
      await new Promise((closed) => socket.close(closed));
    }
    if (free) return base;
  }
  throw new Error(`no ${PORTS} free ports in a row`);
}

async function bound(port) {
  const socket = createSocket("udp4");
  socket.bind(port, HOST);
  await once(socket, "listening");
  return socket;
}

/**
 * Starts a line to the server's media ports, which begin at `base`. `settings` are those of `impair --help`, for example
 * `{ "down-rate": 300, loss: 5 }`; `set` changes one while it runs. `script` brings a page's media onto the line.
 */
export async function startRelay(base, settings = {}) {
  const pairs = Array.from({ length: PORTS }, (_, index) => `${HOST}:0=${HOST}:${base + index}`);
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // It ends with its input, so it does not outlive these tests even if they are killed.
  const child = spawn(program(), [...pairs, ...options, "--until-eof"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => {
    const late = new Promise((_, fail) => setTimeout(() => fail(new Error("the relay says nothing")), ANSWER_MS).unref());
    const { value, done } = await Promise.race([lines.next(), late]);
    if (done) throw new Error(`the relay ended with code ${child.exitCode}`);
    return value;
  };
  const ports = {};
  for (let line = await said(); line !== "ready"; line = await said()) {
    const [, listen, target] = line.split(" ");
    ports[portOf(target)] = portOf(listen);
  }
  return {
    pid: child.pid,
    script: { content: `(${ontoLine})(${JSON.stringify(HOST)}, ${JSON.stringify(ports)})` },
    set: async (name, value) => {
      child.stdin.write(`${name} ${value}\n`);
      const answer = await said();
      if (answer !== "ok") throw new Error(`${name} ${value}: ${answer}`);
    },
    /** What the line did so far, a text for each way. */
    stats: async () => {
      child.stdin.write("stats\n");
      return [await said(), await said()];
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

function portOf(address) {
  return address.slice(address.lastIndexOf(":") + 1);
}

/**
 * Runs in the page, before anything else: of the server's candidates only those of the line are left, by its ports. The
 * server sends no checks, so it never finds a way past the line. `window.relayed` counts what was negotiated.
 */
function ontoLine(host, ports) {
  const original = RTCPeerConnection.prototype.setRemoteDescription;
  const known = new WeakSet();
  window.relayed = { connections: 0, answers: 0 };
  const led = (line) => {
    const found = /^(a=candidate:\S+ 1 udp \d+ (\S+)) (\d+) (.*)$/i.exec(line);
    if (found === null) return line.startsWith("a=candidate:") ? [] : [line];
    const [, head, address, port, tail] = found;
    return address === host && port in ports ? [`${head} ${ports[port]} ${tail}`] : [];
  };
  RTCPeerConnection.prototype.setRemoteDescription = function set({ type, sdp }) {
    if (!known.has(this)) window.relayed.connections += 1;
    known.add(this);
    window.relayed.answers += 1;
    return original.call(this, { type, sdp: sdp.split("\r\n").flatMap(led).join("\r\n") });
  };
}
