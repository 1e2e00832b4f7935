// Lines that lose and lines that narrow, on the product's pages in Chromium. concealed_*: of a minute of voice, five seconds
// after the line began to lose, how much was made up where there was something to hear; on the way down to a point, and up
// from the lead, with a round trip of 40 ms. The rest: 2, 0.25 and 2 Mbit/s down to a point, each for half that time.

import { Classroom, start } from "./classroom.mjs";
import { hears, sees } from "./eyes.mjs";
import { freeMediaPort, startRelay } from "./relay.mjs";
import { measure, sample } from "./sample.mjs";
import { concealedDuring, concealedPercent, lasts, streamOf, watchStage, wideAfter, widths } from "./weak.mjs";

const FOR_MS = Number(process.env.BENCH_SECONDS ?? 60) * 1000;
const SETTLES_MS = 5000;
/** The queue drains, and the picture is fitted to the line. */
const FITTED_MS = 4000;
/** Half the round trip of the lines that lose. */
const ONE_WAY_MS = 20;
const CAMERA = { width: 1280, height: 720, rate: 15, grain: true };
const LOSSES = [
  ["random_10", "loss", "10"], ["random_20", "loss", "20"], ["random_30", "loss", "30"],
  ["bursty_10", "burst", "10,4"], ["bursty_20", "burst", "20,4"],
];

const mediaPort = await freeMediaPort();

await measure(async (demo, later) => {
  const room = new Classroom(demo);
  later(() => room.close());
  const line = await startRelay(mediaPort);
  later(() => line.stop());
  const leadLine = await startRelay(mediaPort);
  later(() => leadLine.stop());
  const weak = await room.enter("point-1", undefined, { script: line.script });
  const sound = await room.enter("point-2");
  const master = await room.enter("master", undefined, { script: leadLine.script, camera: CAMERA });
  await start(master);
  for (const page of [weak, sound]) {
    await sees(page, "stage-video", "master");
    await hears(page, "lead-voice", "master");
  }
  await capacity(line, weak, sound);
  await line.set("rate", "none");
  for (const each of [line, leadLine]) await each.set("delay", ONE_WAY_MS);
  for (const [name, setting, value] of LOSSES) {
    for (const [way, lossy, page] of [["down", line, weak], ["up", leadLine, sound]]) {
      await lossy.set(`${way}-${setting}`, value);
      await lasts(SETTLES_MS);
      sample(`concealed_${name}_${way}`, await concealedDuring(page, FOR_MS), "%", { relay: await lossy.stats() });
      await lossy.set(`${way}-${setting}`, 0);
      await lasts(SETTLES_MS);
    }
  }
}, { mediaPort });

async function capacity(line, weak, sound) {
  const [other, began] = [await streamOf(sound, "stage-video"), await streamOf(weak, "lead-voice")];
  await line.set("queue", 1000);
  await line.set("down-rate", 2000);
  const first = await watchStage(weak, FOR_MS / 2);
  await line.set("down-rate", 250);
  const low = await watchStage(weak, FOR_MS / 2);
  await line.set("down-rate", 2000);
  const high = await watchStage(weak, FOR_MS / 2);
  const after = await streamOf(sound, "stage-video");
  sample("fallen_round_trip_ms", Math.max(...low.filter(({ ms }) => ms >= FITTED_MS).map(({ rtt }) => rtt)), "ms",
    { widths: widths(low), frames: low.at(-1).frames - low[0].frames });
  sample("middle_back_ms", wideAfter(high, CAMERA.width / 2) ?? FOR_MS / 2, "ms", { widths: widths(high) });
  sample("whole_back_ms", wideAfter(high, CAMERA.width) ?? FOR_MS / 2, "ms", { first: widths(first) });
  sample("concealed_capacity", concealedPercent(began, await streamOf(weak, "lead-voice")), "%");
  sample("other_freezes", after.freezeCount - other.freezeCount, "count", { frames: after.framesDecoded - other.framesDecoded, width: after.frameWidth });
}
