// Who is who in the tests: everyone sends a picture of one colour and a tone of one pitch, so that a test can tell who
// is seen and heard wherever a picture or a voice arrives.

export const PEOPLE = {
  "master": { text: "陈静老师", rgb: [196, 60, 44], tone: 440 },
  "point-1": { text: "石门教学点", rgb: [36, 150, 62], tone: 620 },
  "point-2": { text: "云岭教学点", rgb: [40, 84, 204], tone: 830 },
  "point-3": { text: "柳河教学点", rgb: [164, 56, 172], tone: 1070 },
  // What the courseware page shows; it has no tone.
  "courseware": { text: "课件", rgb: [226, 184, 52], tone: null },
};

export function hex([red, green, blue]) {
  return [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
}
