// call_on_ms and release_ms: from the master's press until a class is seen and heard, and until it is seen and heard no
// more, at the master and at the two other points; on the product's own pages, many times over.

import { callOn, release } from "./call-on.mjs";
import { Classroom, POINTS, start } from "./classroom.mjs";
import { hears, sees } from "./eyes.mjs";
import { measure, sample } from "./sample.mjs";

const ROUNDS = 8;

await measure(async (demo, later) => {
  const room = new Classroom(demo);
  later(() => room.close());
  await room.enterAll([...POINTS, "master"]);
  await start(room.page("master"));
  for (const point of POINTS) {
    await sees(room.page(point), "stage-video", "master");
    await hears(room.page(point), "lead-voice", "master");
    await sees(room.page("master"), `tile-video-${point}`, point);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const point = POINTS[round % POINTS.length];
    const others = POINTS.filter((other) => other !== point);
    for (const [name, act] of [["call_on_ms", callOn], ["release_ms", release]]) {
      for (const { person, picture_ms, voice_ms } of await act(room, point, others)) {
        sample(name, Math.max(picture_ms, voice_ms), "ms", { round, point, at: person, picture_ms, voice_ms });
      }
    }
  }
});
