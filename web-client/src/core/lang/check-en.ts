// The sentences of the check of the line, in English.

import type { CheckMessages } from "./check";

export const checkEn: CheckMessages = {
  title: "Line check before the lesson",
  lead: "This takes about ten seconds; please keep the page open.",
  open: "Check the line",
  again: "Check again",
  back: "Back",
  running: { trips: "Measuring the round trip…", down: "Measuring the speed down…", up: "Measuring the speed up…", devices: "Looking for devices…" },
  verdicts: {
    good: "The line is good: the lesson will work",
    small: "The lesson will work, with smaller pictures",
    sound_only: "The line is very weak: sound only",
    too_weak: "The line is too weak: even sound may break up",
    offline: "The server cannot be reached",
  },
  short: { good: "line good", small: "line fair, smaller pictures", sound_only: "line very weak, sound only", too_weak: "line too weak, sound may break up", offline: "the server could not be reached" },
  found: (what) => `Checked before the lesson: ${what}`,
  todo: "What to do",
  advice: {
    no_answer: "See that the cable or the wireless network is connected and the router has power, then check again.",
    weak_down: "Too slow down: stop other downloads and videos on this line, and use a cable rather than wireless.",
    weak_up: "Too slow up: the teacher may not see this class well; stop uploads on this line.",
    slow: "The round trip is long, as over satellites and mobile networks: answers come half a beat late.",
    unsteady: "The line is unsteady: move closer to the wireless router, or use a cable.",
    udp_blocked: "A firewall blocks UDP: the lesson goes over TCP and stalls when packets are lost; ask the administrator to let it through.",
    no_h264: "This device cannot play H.264; such lessons will be sound only. Try another browser.",
    no_codec: "This browser cannot play the pictures of lessons; please use a newer one.",
    no_camera: "No camera found: the teacher will not see this class; following the lesson works.",
    no_microphone: "No microphone found: this class cannot speak for now; following the lesson works.",
  },
  rows: { rtt: "Round trip", lost: "No answer", down: "Down", up: "Up", media: "Media path", codecs: "Plays", camera: "Camera", microphone: "Microphone" },
  ms: (ms) => `${ms} ms`,
  percent: (percent) => `${percent}%`,
  megabits: (megabits) => `${megabits} Mbit/s`,
  unmeasured: "not measured",
  untried: "chosen when the lesson begins",
  none: "none",
  present: "found",
  missing: "not found",
};
