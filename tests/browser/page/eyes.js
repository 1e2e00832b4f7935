// Runs inside a page, before anything else: what a person there would see and hear, told from pixels and samples and
// never from counters. A picture is told by the median of its pixels, a voice by the pitches that stand out of its
// spectrum. `people` is put before this text by eyes.mjs.

(() => {
  const WIDTH = 32;
  const HEIGHT = 18;
  const FAR = 70;
  const AUDIBLE_DB = -60;
  const BELOW_LOUDEST_DB = 30;
  /** A pitch stands out of its surroundings; where a sound was cut, its spectrum slopes gently. */
  const STANDS_OUT_DB = 6;
  const SURROUNDINGS = [-8, -7, -6, 6, 7, 8];
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const ears = new Map();
  let context = null;

  const element = (testid) => document.querySelector(`[data-testid="${testid}"]`);

  function median(values) {
    return values.sort((a, b) => a - b)[values.length >> 1];
  }

  /** The colour of a video's picture now; null when none is on show. */
  function colour(video) {
    if (!(video instanceof HTMLVideoElement) || video.readyState < 2 || video.videoWidth === 0) return null;
    pen.drawImage(video, 0, 0, WIDTH, HEIGHT);
    const { data } = pen.getImageData(0, 0, WIDTH, HEIGHT);
    const part = (at) => median(Array.from({ length: WIDTH * HEIGHT }, (_, index) => data[index * 4 + at]));
    return [part(0), part(1), part(2)];
  }

  function nearest(rgb) {
    const away = ([red, green, blue]) => Math.hypot(red - rgb[0], green - rgb[1], blue - rgb[2]);
    const sorted = Object.entries(people).sort((a, b) => away(a[1].rgb) - away(b[1].rgb));
    return away(sorted[0][1].rgb) < FAR ? sorted[0][0] : `rgb(${rgb})`;
  }

  function onShow(video) {
    const figure = video.closest("figure");
    const covered = figure !== null && figure.dataset.flowing === "false";
    return video.getClientRects().length > 0 && !covered;
  }

  /** Whose picture the element shows to people; null when it shows none, is hidden or is covered. */
  function who(testid) {
    const video = element(testid);
    if (video === null || !onShow(video)) return null;
    const rgb = colour(video);
    return rgb === null ? null : nearest(rgb);
  }

  /** What to listen to: a live track, or an element that plays a file. */
  function sound(media) {
    const live = media?.srcObject?.getAudioTracks()[0];
    if (live !== undefined) return live;
    return media !== null && media.srcObject === null && media.currentSrc !== "" ? media : null;
  }

  function ear(testid) {
    const heardThing = sound(element(testid));
    const known = ears.get(testid);
    if (known?.thing === heardThing) return known;
    context ??= new AudioContext();
    if (context.state === "suspended") void context.resume();
    if (heardThing === null) return null;
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0;
    const isTrack = heardThing instanceof MediaStreamTrack;
    const source = isTrack ? context.createMediaStreamSource(new MediaStream([heardThing])) : context.createMediaElementSource(heardThing);
    source.connect(analyser);
    // An element that plays into the graph is heard through it only.
    if (!isTrack) source.connect(context.destination);
    const made = { thing: heardThing, analyser, source, spectrum: new Float32Array(analyser.frequencyBinCount) };
    ears.set(testid, made);
    return made;
  }

  /** Whose tones come out of the element now. They swell, so ask over a quarter of a second. */
  function heard(testid) {
    const media = element(testid);
    const listening = ear(testid);
    if (media === null || listening === null || media.muted || media.paused) return [];
    const { analyser, spectrum } = listening;
    analyser.getFloatFrequencyData(spectrum);
    const bin = context.sampleRate / analyser.fftSize;
    const level = (hertz, steps) => Math.max(...steps.map((step) => spectrum[Math.round(hertz / bin) + step]));
    const tones = Object.entries(people).filter(([, person]) => person.tone !== null);
    const levels = tones.map(([name, { tone }]) => ({ name, db: level(tone, [-1, 0, 1]), around: level(tone, SURROUNDINGS) }));
    const least = Math.max(AUDIBLE_DB, ...levels.map(({ db }) => db - BELOW_LOUDEST_DB));
    return levels.filter(({ db, around }) => db > least && db > around + STANDS_OUT_DB).map(({ name }) => name);
  }

  /** Keeps a diary of pictures and voices: `seen[testid]` and `heard[testid]` are rows of [ms since 1970, who]. */
  function diary(videos, voices, everyMs) {
    const pages = { seen: {}, heard: {} };
    const note = (rows, now, value) => rows.push([now, value]);
    const tick = () => {
      const now = performance.timeOrigin + performance.now();
      for (const testid of videos) note((pages.seen[testid] ??= []), now, who(testid));
      for (const testid of voices) note((pages.heard[testid] ??= []), now, heard(testid));
    };
    const timer = setInterval(tick, everyMs);
    return { pages, close: () => clearInterval(timer) };
  }

  const open = new Map();
  window.eyes = {
    who,
    heard,
    colour: (testid) => colour(element(testid)),
    now: () => performance.timeOrigin + performance.now(),
    openDiary: (name, videos, voices, everyMs) => open.set(name, diary(videos, voices, everyMs)),
    closeDiary: (name) => {
      const book = open.get(name);
      book.close();
      open.delete(name);
      return book.pages;
    },
  };
})();
