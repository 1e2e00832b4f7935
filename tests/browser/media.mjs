// The pictures and tones that fake cameras and microphones play, made once by ffmpeg and kept in tests/out/media.

import { execFile, execFileSync } from "node:child_process";
import { access, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { PEOPLE, hex } from "./people.mjs";

const run = promisify(execFile);
const OUT = new URL("../out/media/", import.meta.url).pathname;
/** Both loop seamlessly: the bar crosses the picture, and the tones complete whole cycles. */
const LOOP_S = 4;
const GRAIN = ",noise=alls=7:allf=t";

/** With `grain` the picture is as hard to send as a camera's in a dim room: an encoder takes all the rate it may. */
export async function cameraFile(person, { width = 640, height = 360, rate = 15, grain = false } = {}) {
  const { text, rgb } = PEOPLE[person];
  const size = `${width}x${height}`;
  const bar = `color=c=white:s=${Math.round(width / 40)}x${Math.round(height / 6)}:r=${rate}`;
  const words = `drawtext=font=Noto Sans CJK SC:text=${text}:fontcolor=white:fontsize=h/9:x=(w-tw)/2:y=h*0.42`;
  const graph = `color=c=0x${hex(rgb)}:s=${size}:r=${rate},${words}[p];${bar}[b];[p][b]overlay=x=t*W/${LOOP_S}:y=H*0.7${grain ? GRAIN : ""}`;
  return made(`${person}-${size}-${rate}${grain ? "-grain" : ""}.y4m`, [
    "-filter_complex", graph, "-t", String(LOOP_S), "-pix_fmt", "yuv420p",
  ]);
}

/** The tone swells five times a second: a steady one would be taken for noise and suppressed. */
export async function microphoneFile(person) {
  const { tone } = PEOPLE[person];
  const voice = `aevalsrc=0.5*sin(2*PI*${tone}*t)*(0.5-0.5*cos(2*PI*5*t)):s=48000:d=${LOOP_S}`;
  return made(`${person}.wav`, ["-f", "lavfi", "-i", voice, "-ac", "1", "-c:a", "pcm_s16le"]);
}

async function made(name, args) {
  const path = join(OUT, name);
  try {
    await access(path);
    return path;
  } catch {
    await mkdir(OUT, { recursive: true });
  }
  // Renamed when whole, so that an interrupted run leaves nothing half made.
  const part = join(OUT, `${process.pid}-${name}`);
  await run("ffmpeg", ["-v", "error", "-y", ...args, part]);
  await rename(part, path);
  return path;
}

/** The ffmpeg with the WHIP muxer, which comes with the Python package imageio-ffmpeg; TONGKE_FFMPEG names another. */
export function whipFfmpeg() {
  const named = process.env.TONGKE_FFMPEG;
  if (named !== undefined) return named;
  const question = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
  return execFileSync("python3", ["-c", question], { encoding: "utf8" }).trim();
}

export function whipArguments(url, token, seconds) {
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=15"];
  const sound = ["-f", "lavfi", "-i", `sine=f=${PEOPLE.master.tone}:r=48000`];
  const video = ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast", "-tune", "zerolatency",
    "-bf", "0", "-g", "30", "-b:v", "500k"];
  const audio = ["-c:a", "libopus", "-ar", "48000", "-ac", "2"];
  return ["-v", "warning", "-re", ...picture, ...sound, "-t", String(seconds), ...video, ...audio,
    "-authorization", token, "-f", "whip", url];
}
