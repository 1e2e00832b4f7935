// The camera and microphone of this page, remembered from last time, re-asked when something is plugged in. They run
// only while wanted: no camera watches an empty classroom.

import { onScopeDispose, shallowRef, watch, type ShallowRef } from "vue";

import type { VideoPlan, VoicePlan } from "../../core/capture";
import type { Equipment } from "../../core/status";
import { capture, deviceChoices, onDevicesChanged, stopTrack, type DeviceChoices } from "../../io/devices";
import { rememberedCamera, rememberedMicrophone } from "../../io/storage";

export type UsedCapture = {
  camera: ShallowRef<MediaStreamTrack | null>;
  microphone: ShallowRef<MediaStreamTrack | null>;
  /** Null until the browser has answered. */
  equipment: ShallowRef<Equipment | null>;
  choices: ShallowRef<DeviceChoices>;
  chooseCamera: (id: string) => void;
  chooseMicrophone: (id: string) => void;
  retry: () => void;
};

export function useCapture(wanted: () => boolean, picture: VideoPlan, voice: () => VoicePlan): UsedCapture {
  const camera = shallowRef<MediaStreamTrack | null>(null);
  const microphone = shallowRef<MediaStreamTrack | null>(null);
  const equipment = shallowRef<Equipment | null>(null);
  const choices = shallowRef<DeviceChoices>({ cameras: [], microphones: [] });
  let generation = 0;

  function letGo(): void {
    generation += 1;
    stopTrack(camera.value);
    stopTrack(microphone.value);
    camera.value = null;
    microphone.value = null;
    equipment.value = null;
  }

  async function ask(): Promise<void> {
    if (!wanted()) return;
    generation += 1;
    const mine = generation;
    const cameraId = rememberedCamera.read();
    const microphoneId = rememberedMicrophone.read();
    const got = await capture({ picture, voice: voice(), cameraId, microphoneId });
    if (mine !== generation) {
      stopTrack(got.camera);
      stopTrack(got.microphone);
      return;
    }
    stopTrack(camera.value);
    stopTrack(microphone.value);
    camera.value = got.camera;
    microphone.value = got.microphone;
    equipment.value = got.equipment;
    choices.value = await deviceChoices();
  }

  /** Nothing is touched while both run: a lesson must not blink because a headset was plugged in. */
  function devicesChanged(): void {
    const dead = (track: MediaStreamTrack | null): boolean => track?.readyState !== "live";
    if (dead(camera.value) || dead(microphone.value)) void ask();
    else void deviceChoices().then((now) => (choices.value = now));
  }

  watch(wanted, (now) => {
    if (now) void ask();
    else letGo();
  }, { immediate: true });
  const stopListening = onDevicesChanged(devicesChanged);
  onScopeDispose(() => {
    stopListening();
    letGo();
  });
  return {
    camera, microphone, equipment, choices,
    chooseCamera: (id) => {
      rememberedCamera.write(id);
      void ask();
    },
    chooseMicrophone: (id) => {
      rememberedMicrophone.write(id);
      void ask();
    },
    retry: () => void ask(),
  };
}
