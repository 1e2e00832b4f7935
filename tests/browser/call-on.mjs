// Calling on a point and letting it go again, timed by what the others see and hear.

import { byTestid, pressAt } from "./classroom.mjs";
import { closeDiary, firstTime, heard, lastTime, openDiary, who } from "./eyes.mjs";
import { throughout, until } from "./wait.mjs";

const DIARY = "call-on";
const QUIET_MS = 700;

/** Where the floor's picture and voice come out at the master and at a point that listens. */
const AT_MASTER = (point) => ({ video: `tile-video-${point}`, voice: "floor-voice" });
const AT_POINT = { video: "floor-video", voice: "floor-voice" };

function places(classroom, point, listeners) {
  const master = { person: "master", page: classroom.page("master"), ...AT_MASTER(point) };
  return [master, ...listeners.map((person) => ({ person, page: classroom.page(person), ...AT_POINT }))];
}

/** Calls on `point`: for everyone who listens, how many ms after the press its picture and its voice were there. */
export async function callOn(classroom, point, listeners) {
  const all = places(classroom, point, listeners);
  for (const place of all) await openDiary(place.page, DIARY, [place.video], [place.voice]);
  const pressed = await pressAt(classroom.page("master"), `call-on-${point}`);
  await Promise.all(all.map((place) => until(`${place.person} sees and hears ${point}`, async () =>
    (await who(place.page, place.video)) === point && (await heard(place.page, place.voice)).includes(point))));
  return readAll(all, point, (book, place) => ({
    // The master's wall showed the class all along.
    picture_ms: place.person === "master" ? 0 : firstTime(book.seen[place.video], point) - pressed,
    voice_ms: firstTime(book.heard[place.voice], point) - pressed,
  }));
}

/** Ends it: for everyone, how many ms after the press its picture and its voice were there for the last time. */
export async function release(classroom, point, listeners) {
  const all = places(classroom, point, listeners);
  for (const place of all) await openDiary(place.page, DIARY, [place.video], [place.voice]);
  const pressed = await pressAt(classroom.page("master"), `release-${point}`);
  const gone = async (place) =>
    (place.person === "master" || (await who(place.page, place.video)) === null) && (await heard(place.page, place.voice)).length === 0;
  await Promise.all(all.map(async (place) => {
    await until(`${place.person} is rid of ${point}`, () => gone(place));
    await throughout(`${place.person} stays rid of ${point}`, QUIET_MS, () => gone(place));
  }));
  return readAll(all, point, (book, place) => ({
    picture_ms: place.person === "master" ? 0 : sinceLast(book.seen[place.video], point, pressed),
    voice_ms: sinceLast(book.heard[place.voice], point, pressed),
  }));
}

function sinceLast(rows, point, pressed) {
  const last = lastTime(rows, point);
  return last === null ? 0 : Math.max(0, last - pressed);
}

async function readAll(all, point, row) {
  return Promise.all(all.map(async (place) => ({
    person: place.person, ...row(await closeDiary(place.page, DIARY), place),
  })));
}

/** Whether the master's page says that `point` has the floor. */
export async function hasFloor(master, point) {
  return (await master.getAttribute(byTestid(`tile-${point}`), "data-floor")) === "true";
}
