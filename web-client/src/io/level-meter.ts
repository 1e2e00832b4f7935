// How loud a microphone is right now, 0 to 1, for a bar a teacher can glance at.

const QUIETEST_DB = -60;
const READ_EVERY_MS = 80;

/** Returns how to stop. */
export function meterLevel(track: MediaStreamTrack, level: (value: number) => void): () => void {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = window.setInterval(() => {
    // A context made before any gesture sleeps; it may wake as soon as there was one.
    if (context.state === "suspended") void context.resume();
    analyser.getFloatTimeDomainData(samples);
    level(loudness(samples));
  }, READ_EVERY_MS);
  return () => {
    window.clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}

function loudness(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const db = 10 * Math.log10(Math.max(power, 1e-9));
  return Math.min(1, Math.max(0, 1 - db / QUIETEST_DB));
}
