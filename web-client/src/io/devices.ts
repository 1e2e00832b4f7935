// Cameras and microphones. What is missing is reported, not thrown: a class without a camera still takes part.

import type { PictureAsk, VoicePlan } from "../core/capture";
import type { Equipment } from "../core/status";

export type Choice = { id: string; label: string };
export type DeviceChoices = { cameras: Choice[]; microphones: Choice[] };

export type Capture = {
  camera: MediaStreamTrack | null;
  microphone: MediaStreamTrack | null;
  equipment: Equipment;
};

export type CaptureAsk = { picture: PictureAsk; voice: VoicePlan; cameraId: string | null; microphoneId: string | null };

type Found = { track: MediaStreamTrack | null; blocked: boolean };

/** Asks for both separately: one missing or blocked device must not cost the other. */
export async function capture(ask: CaptureAsk): Promise<Capture> {
  const camera = await captureCamera(ask.picture, ask.cameraId);
  const microphone = await captureMicrophone(ask.voice, ask.microphoneId);
  return { camera: camera.track, microphone: microphone.track, equipment: equipmentOf(camera, microphone) };
}

function captureCamera(picture: PictureAsk, id: string | null): Promise<Found> {
  return first(id, (device) => ({
    video: {
      width: { ideal: picture.width }, height: { ideal: picture.height }, frameRate: { ideal: picture.frameRate, max: 30 },
      ...device,
    },
  }));
}

function captureMicrophone(voice: VoicePlan, id: string | null): Promise<Found> {
  return first(id, (device) => ({
    audio: {
      echoCancellation: voice.echoCancellation, noiseSuppression: voice.noiseSuppression,
      autoGainControl: voice.autoGainControl, channelCount: { ideal: voice.channelCount }, ...device,
    },
  }));
}

export async function deviceChoices(): Promise<DeviceChoices> {
  const all = await mediaDevices()?.enumerateDevices().catch(() => []) ?? [];
  const of = (kind: MediaDeviceKind): Choice[] =>
    all.filter((device) => device.kind === kind && device.deviceId !== "" && device.deviceId !== "communications")
      .map((device) => ({ id: device.deviceId, label: device.label }));
  return { cameras: of("videoinput"), microphones: of("audioinput") };
}

/** Calls back when something is plugged in or out; returns how to stop. */
export function onDevicesChanged(changed: () => void): () => void {
  const devices = mediaDevices();
  devices?.addEventListener("devicechange", changed);
  return () => devices?.removeEventListener("devicechange", changed);
}

export function stopTrack(track: MediaStreamTrack | null): void {
  track?.stop();
}

/** Absent where the page is not served over a secure origin. */
function mediaDevices(): MediaDevices | undefined {
  return (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
}

type DeviceAsk = { deviceId?: { exact: string } };

/**
 * The remembered device, or any when it is gone. Asked for exactly: as a mere wish Chromium takes the system's default
 * instead of the chosen microphone.
 */
async function first(id: string | null, constraints: (device: DeviceAsk) => MediaStreamConstraints): Promise<Found> {
  const devices = mediaDevices();
  if (devices === undefined) return { track: null, blocked: true };
  try {
    const stream = await devices.getUserMedia(constraints(id === null ? {} : { deviceId: { exact: id } }));
    return { track: stream.getTracks()[0] ?? null, blocked: false };
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (id !== null && (name === "OverconstrainedError" || name === "NotFoundError")) return first(null, constraints);
    return { track: null, blocked: name === "NotAllowedError" || name === "SecurityError" };
  }
}

function equipmentOf(camera: Found, microphone: Found): Equipment {
  if (camera.track !== null && microphone.track !== null) return "ok";
  if (camera.blocked || microphone.blocked) return "blocked";
  if (camera.track === null && microphone.track === null) return "nothing";
  return camera.track === null ? "no_camera" : "no_microphone";
}
