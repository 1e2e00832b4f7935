// 课前线路检测: what a line can bear, told before the bell in one plain verdict, and what to do about it.

import type { UtcMs, VideoCodec } from "./protocol";

/** Whether a way of carrying media gets through. Only a media session to the server can tell; until one is made, it is unknown. */
export type Reach = "unknown" | "reachable" | "blocked";

export type MediaPath = { udp: Reach; tcp: Reach; lostPermille: number | null };
export const UNTRIED_PATH: MediaPath = { udp: "unknown", tcp: "unknown", lostPermille: null };

/** What there is to say about it. */
export type Way = "udp" | "tcp" | "blocked" | "untried";

export function wayOf({ udp, tcp }: MediaPath): Way {
  if (udp === "reachable") return "udp";
  if (tcp === "reachable") return "tcp";
  return udp === "blocked" && tcp === "blocked" ? "blocked" : "untried";
}

export type Protocol = "udp" | "tcp";

/**
 * Finds out which way media takes: over UDP, or else over TCP. Where the server could not be asked, nothing is known. `attempt`
 * says whether a session over that protocol alone came about, `loss` how much of a voice is lost on it.
 */
export async function mediaPath(
  attempt: (protocol: Protocol) => Promise<Reach>, loss: (protocol: Protocol) => Promise<number | null>,
): Promise<MediaPath> {
  const udp = await attempt("udp");
  if (udp === "reachable") return { ...UNTRIED_PATH, udp, lostPermille: await loss("udp") };
  if (udp === "unknown") return UNTRIED_PATH;
  const tcp = await attempt("tcp");
  return tcp === "unknown" ? UNTRIED_PATH : { ...UNTRIED_PATH, udp, tcp };
}

/** Packets of one way, and those that were lost; null where nobody said. */
export type Tally = { packets: number; lost: number | null };

/** Fewer packets of a voice tell nothing. */
const TELLING_PACKETS = 100;

/** The worse way, of a thousand: `up`, and the way back. What is lost on the way up does not come back either. */
export function lostPermille(up: Tally, thereAndBack: Tally): number | null {
  const [lostUp, missing] = [shareOf(up), shareOf(thereAndBack)];
  if (lostUp === null || missing === null) return null;
  const lostDown = lostUp === 1 ? 0 : 1 - (1 - missing) / (1 - lostUp);
  return Math.round(Math.max(lostUp, lostDown) * 1000);
}

/** Packets that came twice may make a loss negative. */
function shareOf({ packets, lost }: Tally): number | null {
  return lost === null || packets < TELLING_PACKETS ? null : Math.min(1, Math.max(0, lost / packets));
}

/** An answer that leaves only this protocol to connect by (`a=candidate`, RFC 8839, section 5.1: the third field). */
export function onlyOver(answer: string, protocol: Protocol): string {
  const kept = answer.split("\r\n").filter((line) => !line.startsWith("a=candidate:") || line.split(" ")[2]?.toLowerCase() === protocol);
  return kept.join("\r\n");
}

/** What a connection needs on any line that is of use, and how often its sides must hear each other for it: ICE once, DTLS thrice. */
const CONNECTS_MS = 5000;
const CONNECT_TRIPS = 4;
/** The server ends a session that was opened for a check after 15 s. */
const MOST_CONNECT_MS = 12_000;

/** How long to wait for a connection before its way counts as blocked. */
export function connectLimitMs(rttMs: number): number {
  return Math.min(MOST_CONNECT_MS, CONNECTS_MS + CONNECT_TRIPS * rttMs);
}

export type Findings = {
  /** Round trips that were tried, in milliseconds; null where no answer came. */
  trips: readonly (number | null)[];
  /** Null where nothing got through. */
  downKbps: number | null;
  upKbps: number | null;
  decodes: readonly VideoCodec[];
  camera: boolean;
  microphone: boolean;
  media: MediaPath;
};

export type Verdict =
  /** Everything will do. */
  | "good"
  /** The lesson will do, with smaller pictures. */
  | "small"
  /** Sound will do, pictures hardly. */
  | "sound_only"
  /** Not even sound. */
  | "too_weak"
  /** The pages come, sound and pictures do not. */
  | "no_media"
  | "offline";

export type Advice = "no_answer" | "weak_down" | "weak_up" | "slow" | "unsteady" | "udp_blocked" | "media_blocked" | "no_h264" | "no_codec" | "no_camera" | "no_microphone";

export type Checked = { verdict: Verdict; advice: Advice[]; rttMs: number | null; lostPercent: number };

/** A whole camera picture and courseware (see capture.ts). */
const GOOD_DOWN_KBPS = 2000;
/** The smallest camera picture, and slides as stills. */
const SMALL_DOWN_KBPS = 250;
/** One voice with everything around it. */
const SOUND_KBPS = 50;
/** The picture of a class on the master's wall, and its voice. */
const GOOD_UP_KBPS = 450;
const SMALL_UP_KBPS = 150;
/** One waits for an answer from here on. */
const SLOW_MS = 400;
/** Talking with each other makes no sense beyond. */
const TOO_SLOW_MS = 1500;
const UNSTEADY_MS = 150;

export function checked(findings: Findings): Checked {
  const answered = findings.trips.filter((trip) => trip !== null).sort((one, other) => one - other);
  const rttMs = answered[Math.floor(answered.length / 2)] ?? null;
  const lost = findings.trips.length === 0 ? 0 : (findings.trips.length - answered.length) / findings.trips.length;
  const verdict = rttMs === null ? "offline" : verdictOf(findings, rttMs);
  const spreadMs = rttMs === null ? 0 : (answered[answered.length - 1] ?? rttMs) - rttMs;
  return { verdict, advice: verdict === "offline" ? ["no_answer"] : adviceOf(findings, rttMs ?? 0, spreadMs, lost), rttMs, lostPercent: Math.round(Math.max(lost * 100, (findings.media.lostPermille ?? 0) / 10)) };
}

function verdictOf({ downKbps, upKbps, decodes, media }: Findings, rttMs: number): Verdict {
  const [down, up] = [downKbps ?? 0, upKbps ?? 0];
  const cannotSee = decodes.length === 0;
  if (wayOf(media) === "blocked") return "no_media";
  if (down < SOUND_KBPS) return "too_weak";
  if (down < SMALL_DOWN_KBPS || rttMs >= TOO_SLOW_MS || cannotSee || (media.lostPermille ?? 0) >= 200) return "sound_only";
  const hampered = down < GOOD_DOWN_KBPS || up < GOOD_UP_KBPS || rttMs >= SLOW_MS || (media.lostPermille ?? 0) >= 50;
  return hampered ? "small" : "good";
}

/** What to do, the most helpful first. */
function adviceOf(findings: Findings, rttMs: number, spreadMs: number, lost: number): Advice[] {
  const { downKbps, upKbps, decodes, camera, microphone, media } = findings;
  const rows: [boolean, Advice][] = [
    [wayOf(media) === "blocked", "media_blocked"],
    [decodes.length === 0, "no_codec"],
    [(downKbps ?? 0) < GOOD_DOWN_KBPS, "weak_down"],
    [(upKbps ?? 0) < SMALL_UP_KBPS, "weak_up"],
    [rttMs >= SLOW_MS, "slow"],
    [spreadMs >= UNSTEADY_MS || lost > 0 || (media.lostPermille ?? 0) >= 20, "unsteady"],
    [wayOf(media) === "tcp", "udp_blocked"],
    [decodes.length > 0 && !decodes.includes("h264"), "no_h264"],
    [!camera, "no_camera"],
    [!microphone, "no_microphone"],
  ];
  return rows.filter(([holds]) => holds).map(([, advice]) => advice);
}

export const FIRST_BYTES = 20_000;
/** A transfer that took this long has said how fast the line is. */
const TELLING_MS = 800;

/** How much to move next, so that a thin line is not kept busy and a good one is measured; null when it is known. */
export function nextBytes(bytes: number, tookMs: number, most: number): number | null {
  return tookMs >= TELLING_MS || bytes >= most ? null : Math.min(most, bytes * 8);
}

/** The wait for the first byte is no transfer. */
export function kbpsOf(bytes: number, tookMs: number, rttMs: number): number {
  return Math.round((bytes * 8) / Math.max(1, tookMs - rttMs, tookMs / 4));
}

/** A result is good for an hour. */
export const FRESH_MS = 60 * 60_000;
/** From when a waiting classroom checks by itself. */
const BEFORE_BELL_MS = 10 * 60_000;
/** All classrooms of a county wait for the same bell: each checks at a time of its own within this. */
const SPREAD_MS = 5 * 60_000;

/** Whether a waiting classroom checks its line now. `chance` is its own for this lesson, in [0, 1). */
export function isCheckDue(now: UtcMs, startsAt: UtcMs, lastAt: UtcMs | null, chance: number): boolean {
  const from = startsAt - BEFORE_BELL_MS + chance * SPREAD_MS;
  const known = lastAt !== null && now - lastAt < FRESH_MS && lastAt <= now;
  return now >= from && now < startsAt && !known;
}

/** What was found when, as the browser remembers it. */
export type Remembered = { at: UtcMs; verdict: Verdict };
const VERDICTS: readonly Verdict[] = ["good", "small", "sound_only", "too_weak", "no_media", "offline"];

export function remembered(text: string | null): Remembered | null {
  const [at, verdict] = (text ?? "").split(" ");
  const known = VERDICTS.find((each) => each === verdict);
  return known === undefined || !/^\d+$/.test(at ?? "") ? null : { at: Number(at), verdict: known };
}

export function toRemember({ at, verdict }: Remembered): string {
  return `${Math.max(0, Math.round(at))} ${verdict}`;
}
