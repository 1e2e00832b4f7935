// What a browser remembers. Every call may fail where storage is switched off; the page then just forgets.

const TOKEN = "tongke.token";
const LANGUAGE = "tongke.language";
const CAMERA = "tongke.camera";
const MICROPHONE = "tongke.microphone";
const HEADCOUNT = "tongke.headcount";
const LINE_CHECK = "tongke.line-check";
const RATE = "tongke.rate";
const POSITION = "tongke.position.";

/** One per tab, so that several people can be in one browser. */
export const rememberedToken = slot(() => window.sessionStorage, TOKEN);
export const rememberedLanguage = slot(() => window.localStorage, LANGUAGE);
export const rememberedCamera = slot(() => window.localStorage, CAMERA);
export const rememberedMicrophone = slot(() => window.localStorage, MICROPHONE);
/** How many pupils were told to be in this room last. */
export const rememberedHeadcount = slot(() => window.localStorage, HEADCOUNT);
/** What the last check of the line found, and when. */
export const rememberedLineCheck = slot(() => window.localStorage, LINE_CHECK);
export const rememberedRate = slot(() => window.localStorage, RATE);

/** Where the replay of a lesson was left, seconds. */
export function rememberedPosition(lesson: string): Slot {
  return slot(() => window.localStorage, POSITION + lesson);
}

export type Slot = { read: () => string | null; write: (value: string | null) => void };

function slot(storage: () => Storage, key: string): Slot {
  return {
    read: () => {
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    write: (value) => {
      try {
        if (value === null) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        // Private windows and full disks: forgetting is acceptable.
      }
    },
  };
}
