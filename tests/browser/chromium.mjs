// Chromium, one process a person, so that each has a camera and microphone of its own and can be killed alone.

import { chromium } from "playwright-core";

import { EYES_SCRIPT } from "./eyes.mjs";
import { cameraFile, microphoneFile } from "./media.mjs";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];
/** Sounds without a press, as on a classroom panel that is set up for it. */
const PLAYS_AT_ONCE = "--autoplay-policy=no-user-gesture-required";
/** What a network that lets no UDP through leaves of WebRTC: connections over TCP. */
export const WITHOUT_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp";
/** Any screen that is offered under this title is taken without asking. */
const COURSEWARE_TITLE = "Courseware";

async function equipmentFlags(person, camera) {
  if (person === null) return [];
  const [picture, sound] = await Promise.all([cameraFile(person, camera), microphoneFile(person)]);
  return [
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${picture}`, `--use-file-for-fake-audio-capture=${sound}`,
    `--auto-select-tab-capture-source-by-title=${COURSEWARE_TITLE}`,
  ];
}

/**
 * Opens a browser whose camera and microphone are `person`'s (null: it has none). What its pages complain of is kept in
 * `complaints`. `flags` are further ones of the command line, `camera` says what the camera's picture is like.
 */
export async function openChromium(person = null, { playsAtOnce = true, viewport = { width: 1366, height: 768 }, flags = [], camera } = {}) {
  const args = [...FLAGS, ...flags, ...(playsAtOnce ? [PLAYS_AT_ONCE] : []), ...(await equipmentFlags(person, camera))];
  const server = await chromium.launchServer({
    executablePath: EXECUTABLE, args, ignoreDefaultArgs: ["--mute-audio", "--hide-scrollbars"],
  });
  const browser = await chromium.connect(server.wsEndpoint());
  const context = await browser.newContext({ viewport, locale: "zh-CN", timezoneId: "Asia/Shanghai", permissions: ["camera", "microphone"] });
  await context.addInitScript({ content: EYES_SCRIPT });
  const complaints = [];
  const open = async (url) => {
    const page = await context.newPage();
    listen(page, complaints);
    if (url !== undefined) await page.goto(url);
    return page;
  };
  return {
    person, context, complaints, open,
    close: () => server.close(),
    /** The power is cut. */
    kill: () => server.kill(),
    /** The line is cut: every process of the browser stands still, and nothing is said to anyone. */
    freeze: () => process.kill(-server.process().pid, "SIGSTOP"),
    thaw: () => process.kill(-server.process().pid, "SIGCONT"),
  };
}

function listen(page, complaints) {
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
}

/** A page in the master's browser that stands for a slide show; the browser offers it when a screen is to be shared. */
export async function openCourseware(browser, [red, green, blue], words) {
  const page = await browser.context.newPage();
  await page.setContent(`<!doctype html><title>${COURSEWARE_TITLE}</title><style>
    body { display: grid; place-content: center; height: 100vh; margin: 0; background: rgb(${red} ${green} ${blue}); font: 64px sans-serif }
    i { position: fixed; bottom: 10%; width: 5%; height: 5%; background: white; animation: go 4s linear infinite }
    @keyframes go { from { left: 0 } to { left: 95% } }
  </style><p>${words}</p><i></i>`);
  return page;
}
