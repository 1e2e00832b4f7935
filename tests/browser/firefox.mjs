// Firefox over WebDriver BiDi, with its own made-up camera and microphone: a plain colour that drifts, and a tone.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import puppeteer from "puppeteer-core";

import { EYES_SCRIPT } from "./eyes.mjs";
import { PEOPLE } from "./people.mjs";

const EXECUTABLE = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
const PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  // Only a page that may use a camera is told of addresses other than the default route's, such as the loopback.
  "permissions.default.camera": 1,
  "permissions.default.microphone": 1,
  "media.autoplay.default": 0,
  // A machine without a sound card still lets a page listen to what it plays.
  "media.cubeb.force_mock_context": true,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.gmp-manager.updateEnabled": false,
  "intl.accept_languages": "zh-CN",
};

/** Opens a browser whose microphone hears `person`'s tone. */
export async function openFirefox(person, { viewport = { width: 1366, height: 768 } } = {}) {
  const home = await mkdtemp(join(tmpdir(), "tongke-firefox-"));
  const browser = await puppeteer.launch({
    browser: "firefox", executablePath: EXECUTABLE, headless: true, env: { ...process.env, HOME: home },
    extraPrefsFirefox: { ...PREFERENCES, "media.navigator.audio.fake_frequency": PEOPLE[person]?.tone ?? 1000 },
  });
  const complaints = [];
  const open = async (url) => {
    const page = await browser.newPage();
    await page.setViewport(viewport);
    await page.evaluateOnNewDocument(EYES_SCRIPT);
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    if (url !== undefined) await page.goto(url);
    return page;
  };
  return {
    complaints, open,
    close: async () => {
      await browser.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
