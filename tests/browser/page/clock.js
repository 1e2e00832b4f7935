// Runs inside a page: a source that draws the time as bits into its picture, and a reader that tells how old a picture
// is when it is shown. Both pages must be on one machine, whose one clock they share.
//
//   8 columns x 3 rows of black and white squares: 20 bits of milliseconds, then 4 bits that check them.

(() => {
  const COLUMNS = 8;
  const ROWS = 3;
  const TIME_BITS = 20;
  const CHECK_BITS = 4;
  const WRAP_MS = 2 ** TIME_BITS;
  const TONE_HZ = 440;

  const now = () => performance.timeOrigin + performance.now();

  function check(time) {
    let sum = 0;
    for (let rest = time; rest > 0; rest = Math.floor(rest / 2 ** CHECK_BITS)) sum ^= rest % 2 ** CHECK_BITS;
    return sum ^ 5;
  }

  function drawTime(pen, width, height) {
    const time = Math.floor(now()) % WRAP_MS;
    const bits = time * 2 ** CHECK_BITS + check(time);
    const [across, down] = [width / COLUMNS, height / 2 / ROWS];
    for (let index = 0; index < TIME_BITS + CHECK_BITS; index += 1) {
      const on = Math.floor(bits / 2 ** (TIME_BITS + CHECK_BITS - 1 - index)) % 2 === 1;
      pen.fillStyle = on ? "#fff" : "#000";
      pen.fillRect((index % COLUMNS) * across, Math.floor(index / COLUMNS) * down, Math.ceil(across), Math.ceil(down));
    }
  }

  /** The lower half moves: a ball, or with `detail` a restless field of grain that costs an encoder all it may spend. */
  function drawMotion(pen, width, height, frame, grain) {
    pen.fillStyle = "#355";
    pen.fillRect(0, height / 2, width, height / 2);
    if (grain !== null) {
      // Leaps that no motion search follows.
      const [left, up] = [(frame * 97) % 256, (frame * 149) % 256];
      pen.save();
      pen.beginPath();
      pen.rect(0, height * 0.92, width, height * 0.08);
      pen.clip();
      for (let x = -left; x < width; x += 256) {
        for (let y = height * 0.92 - up; y < height; y += 256) pen.drawImage(grain, x, y);
      }
      pen.restore();
      return;
    }
    pen.fillStyle = "#fc8";
    pen.beginPath();
    pen.arc(((frame * 9) % (width + 80)) - 40, height * 0.75, height / 9, 0, 7);
    pen.fill();
  }

  function grainTile() {
    const tile = new OffscreenCanvas(256, 256);
    const pen = tile.getContext("2d");
    const image = pen.createImageData(256, 256);
    let seed = 7;
    for (let at = 0; at < image.data.length; at += 4) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      image.data.fill(112 + ((seed >> 16) & 31), at, at + 3);
      image.data[at + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
    return tile;
  }

  /** A stream of the clock's picture and a tone. */
  function source({ width, height, rate, detail = false }) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    const grain = detail ? grainTile() : null;
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    let frame = 0;
    setInterval(() => {
      drawMotion(pen, width, height, frame, grain);
      drawTime(pen, width, height);
      frame += 1;
      track.requestFrame();
    }, 1000 / rate);
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: TONE_HZ });
    const out = context.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    stream.addTrack(out.stream.getAudioTracks()[0]);
    return stream;
  }

  /** The time in a picture, or null when it cannot be read. */
  function read(video, pen) {
    const { width, height } = pen.canvas;
    pen.drawImage(video, 0, 0, width, height);
    const { data } = pen.getImageData(0, 0, width, height / 2);
    let bits = 0;
    for (let index = 0; index < TIME_BITS + CHECK_BITS; index += 1) {
      const x = Math.floor(((index % COLUMNS) + 0.5) * (width / COLUMNS));
      const y = Math.floor((Math.floor(index / COLUMNS) + 0.5) * (height / 2 / ROWS));
      bits = bits * 2 + (data[(y * width + x) * 4 + 1] > 127 ? 1 : 0);
    }
    const time = Math.floor(bits / 2 ** CHECK_BITS);
    return check(time) === bits % 2 ** CHECK_BITS ? time : null;
  }

  /** Notes for every picture shown how many ms ago its time was drawn. */
  function watchAges(video) {
    const pen = new OffscreenCanvas(128, 72).getContext("2d", { willReadFrequently: true });
    const ages = [];
    let unread = 0;
    const shown = (at, frame) => {
      const time = read(video, pen);
      const seenAt = performance.timeOrigin + Math.max(at, frame.expectedDisplayTime);
      if (time === null) unread += 1;
      else ages.push((((seenAt - time) % WRAP_MS) + WRAP_MS) % WRAP_MS);
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
    return { take: () => ({ ages: ages.splice(0), unread }) };
  }

  window.clock = { source, watchAges };
})();
