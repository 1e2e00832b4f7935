// 精品课 of one lesson: whether it can be ordered here, how its making stands, and where it is once made.

import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";

import type { Failure } from "../../core/problems";
import type { JobList, JobOrder, Playback } from "../../core/protocol";
import { makingIn, type Making } from "../../core/replay/showcase";
import { mayExport } from "../../core/roles";
import { api } from "../../io/http";
import { every } from "../../io/ticking";
import { session } from "../session";

export type UsedShowcase = {
  /** The person may order it, there is something to make it of, and the server can. */
  offered: ComputedRef<boolean>;
  making: ShallowRef<Making>;
  /** Signed path of the file; null until it is made. */
  path: Ref<string | null>;
  ordering: Ref<boolean>;
  /** Why the last order was not taken. */
  refused: ShallowRef<Failure | null>;
  order: (order: JobOrder) => Promise<void>;
};

const LOOK_EVERY_MS = 2000;

export function useShowcase(id: string, playback: ShallowRef<Playback | null>): UsedShowcase {
  const [available, ordering, path] = [ref(false), ref(false), ref<string | null>(null)];
  const making = shallowRef<Making>({ kind: "none" });
  const refused = shallowRef<Failure | null>(null);
  const may = computed(() => session.me !== null && mayExport(session.me.role) && (playback.value?.download ?? null) !== null);
  const underWay = computed(() => making.value.kind === "under_way");
  let looking = false;
  /** Counts the orders: an answer that was asked for before the last of them knows nothing of it. */
  let orders = 0;

  async function take(list: JobList): Promise<void> {
    const next = makingIn(list, making.value);
    available.value = list.available;
    if (next.kind === "done" && (underWay.value || path.value === null)) {
      // The page's own playback stays as it is: new addresses would interrupt the player.
      const again = await api.playback(session.token ?? "", id);
      // It is done for the page when it is known where the file is; the next look asks again.
      if (!again.ok) return;
      path.value = again.value.showcase;
    }
    making.value = next;
  }

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const asked = orders;
    const list = await api.jobs(session.token ?? "", id);
    if (list.ok && asked === orders) await take(list.value);
    looking = false;
  }

  async function order(wanted: JobOrder): Promise<void> {
    orders += 1;
    ordering.value = true;
    const list = await api.orderJob(session.token ?? "", id, wanted);
    ordering.value = false;
    refused.value = list.ok ? null : list.failure;
    if (list.ok) await take(list.value);
  }

  watch([playback, may], () => {
    path.value = playback.value?.showcase ?? null;
    if (may.value) void look();
  });
  watch(underWay, (now, _before, onCleanup) => {
    if (now) onCleanup(every(LOOK_EVERY_MS, () => void look()));
  });
  return { offered: computed(() => may.value && available.value), making, path, ordering, refused, order };
}
