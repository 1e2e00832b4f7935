// A teaching point: follows the lesson, sends its camera always and its microphone only while it holds the floor.

import { computed, onScopeDispose, watchEffect, type ComputedRef } from "vue";

import { COURSEWARE, gateMicrophone, microphoneOpen, POINT_CAMERA, voicePlan } from "../../core/capture";
import { statusOf, type Status } from "../../core/status";
import { keepScreenLit } from "../../io/page-life";
import { useCapture, type UsedCapture } from "./use-capture";
import { useFollower, type Follower } from "./use-follower";
import { useLineReport } from "./use-line-report";
import { usePublishing } from "./use-publishing";
import { useSilence } from "./use-silence";

export type Classroom = Follower & {
  capture: UsedCapture;
  status: ComputedRef<Status>;
  onFloor: ComputedRef<boolean>;
  giveBack: () => void;
};

export function useClassroom(): Classroom {
  const follower = useFollower(() => null);
  const { view } = follower.line;
  const voice = voicePlan("point", "");
  const taking = (): boolean => {
    const phase = view.value?.lesson.phase;
    return (phase === "doors_open" || phase === "live") && follower.line.line.value.kind !== "replaced";
  };
  const capture = useCapture(taking, POINT_CAMERA, () => voice);
  const onFloor = computed(() => {
    const now = view.value;
    return now !== null && now.lesson.phase === "live" && now.lesson.floor.includes(now.you);
  });
  // At once: not one frame of a microphone that was just plugged in may leave the room.
  watchEffect(() => gateMicrophone(capture.microphone.value, microphoneOpen("point", false, onFloor.value)), { flush: "sync" });

  const publishing = usePublishing(
    () => {
      const something = capture.camera.value !== null || capture.microphone.value !== null;
      if (follower.joined.value === null || !taking() || !something) return null;
      return { lesson: follower.joined.value, token: follower.token, voice, camera: POINT_CAMERA, screen: COURSEWARE };
    },
    { camera: capture.camera, microphone: capture.microphone, screen: null },
    follower.line,
  );
  useSilence(follower.receiving.session, [follower.receiving, publishing]);
  useLineReport([publishing.session, follower.receiving.session], follower.line, follower.tune);
  onScopeDispose(keepScreenLit());

  return {
    ...follower,
    capture, onFloor,
    status: computed(() => statusOf({
      prospect: follower.prospect.value,
      view: view.value,
      line: follower.line.line.value,
      receiving: follower.receiving.link.value,
      publishing: publishing.link.value,
      equipment: capture.equipment.value,
    })),
    giveBack: () => view.value !== null && follower.line.send({ type: "release_floor", point: view.value.you }),
  };
}
