// A voice that no microphone is needed for, so quiet that nobody hears it.

const GAIN = 0.001;

export type Tone = { track: MediaStreamTrack | "audio"; stop: () => void };

/** A browser that waits for a press first lets it say nothing. */
export function quietTone(): Tone {
  const context = new AudioContext();
  const [oscillator, gain, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
  gain.gain.value = GAIN;
  oscillator.connect(gain).connect(out);
  oscillator.start();
  return { track: out.stream.getAudioTracks()[0] ?? "audio", stop: () => void context.close() };
}
