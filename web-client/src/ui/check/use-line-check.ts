// Checks the line, step by step. What was found is remembered for an hour.

import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

import {
  checked, connectLimitMs, FIRST_BYTES, kbpsOf, mediaPath, nextBytes, remembered, toRemember, UNTRIED_PATH, type Checked, type Findings, type Remembered,
} from "../../core/line-check";
import type { UtcMs } from "../../core/protocol";
import { capabilities } from "../../io/codecs";
import { deviceChoices } from "../../io/devices";
import { downMs, tripMs, upMs } from "../../io/line-check";
import { loss, reach } from "../../io/media-check";
import { rememberedLineCheck } from "../../io/storage";
import { session } from "../session";

export type Step = "trips" | "down" | "up" | "media" | "devices";
export type Found = { findings: Findings; result: Checked };

export type LineCheck = {
  /** Null while nothing is being measured. */
  step: ShallowRef<Step | null>;
  found: ShallowRef<Found | null>;
  last: ShallowRef<Remembered | null>;
  /** `mostBytes` is moved at most in each direction at once: what many do by themselves must be little. */
  run: (now: UtcMs, mostBytes: number) => Promise<void>;
};

const TRIPS = 6;

export function useLineCheck(): LineCheck {
  const step = shallowRef<Step | null>(null);
  const found = shallowRef<Found | null>(null);
  const last = shallowRef(remembered(rememberedLineCheck.read()));
  let gone = false;
  onScopeDispose(() => (gone = true));

  async function run(now: UtcMs, mostBytes: number): Promise<void> {
    const { token } = session;
    if (step.value !== null || token === null) return;
    step.value = "trips";
    const trips = await tripsOf(token);
    const known = trips.filter((trip) => trip !== null);
    const rttMs = known.length === 0 ? null : Math.min(...known);
    step.value = "down";
    const downKbps = rttMs === null ? null : await speedOf((bytes) => downMs(token, bytes), rttMs, mostBytes);
    step.value = "up";
    const upKbps = rttMs === null ? null : await speedOf((bytes) => upMs(token, bytes), rttMs, mostBytes);
    step.value = "media";
    const limitMs = connectLimitMs(rttMs ?? 0);
    const media = rttMs === null
      ? UNTRIED_PATH
      : await mediaPath((protocol) => reach(token, protocol, limitMs), (protocol) => loss(token, protocol, limitMs));
    step.value = "devices";
    const devices = await deviceChoices();
    const findings: Findings = {
      trips, downKbps, upKbps, decodes: capabilities().decodes, camera: devices.cameras.length > 0, microphone: devices.microphones.length > 0,
      media,
    };
    step.value = null;
    if (gone) return;
    const result = checked(findings);
    found.value = { findings, result };
    last.value = { at: now, verdict: result.verdict };
    rememberedLineCheck.write(toRemember(last.value));
  }

  return { step, found, last, run };
}

/** The first one also opens the way, so it does not count unless it is the only one. */
async function tripsOf(token: string): Promise<(number | null)[]> {
  const opening = await tripMs(token);
  if (opening === null && (await tripMs(token)) === null) return [null, null];
  const trips: (number | null)[] = [];
  for (let trip = 0; trip < TRIPS; trip += 1) trips.push(await tripMs(token));
  return trips;
}

async function speedOf(move: (bytes: number) => Promise<number | null>, rttMs: number, mostBytes: number): Promise<number | null> {
  let kbps: number | null = null;
  let bytes: number | null = Math.min(FIRST_BYTES, mostBytes);
  while (bytes !== null) {
    const tookMs = await move(bytes);
    if (tookMs === null) return kbps;
    kbps = kbpsOf(bytes, tookMs, rttMs);
    bytes = nextBytes(bytes, tookMs, mostBytes);
  }
  return kbps;
}
