// An import from its first file to the change it made, and back.

import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from "vue";

import type { Failure } from "../../core/problems";
import type { EditDone } from "../../core/protocol";
import { standingOf, type Standing } from "../../core/timetable/import-files";
import type { Result } from "../../io/http";
import { timetableApi } from "../../io/timetable-api";
import { session } from "../session";
import { leaveIfUnknown } from "./use-asked";
import { useUploads, type UsedUploads } from "./use-uploads";

export type UsedImport = Pick<UsedUploads, "preview" | "sending" | "waiting" | "leftOut" | "term" | "removeNotNamed" | "take"> & {
  standing: ComputedRef<Standing | null>;
  busy: Ref<boolean>;
  refused: ShallowRef<Failure | null>;
  /** What the import did, once it is applied. */
  applied: ShallowRef<EditDone | null>;
  undone: Ref<boolean>;
  choose: (choice: { term?: string | null; removeNotNamed?: boolean }) => void;
  apply: () => Promise<void>;
  undo: () => Promise<void>;
  /** Leaves one file out. */
  drop: (name: string) => void;
  forget: () => void;
};

/** Applying and undoing: one at a time, and why it did not go well. */
function useFinish(): { busy: Ref<boolean>; refused: ShallowRef<Failure | null>; finish: (asking: (token: string) => Promise<Result<EditDone>>) => Promise<EditDone | null> } {
  const busy = ref(false);
  const refused = shallowRef<Failure | null>(null);

  async function finish(asking: (token: string) => Promise<Result<EditDone>>): Promise<EditDone | null> {
    if (busy.value) return null;
    busy.value = true;
    const result = await asking(session.token ?? "");
    busy.value = false;
    refused.value = result.ok ? null : result.failure;
    if (!result.ok) await leaveIfUnknown(result.failure);
    return result.ok ? result.value : null;
  }

  return { busy, refused, finish };
}

export function useImport(): UsedImport {
  const { preview, sending, waiting, leftOut, term, removeNotNamed, take, takeLastAgain, startAnew, drop, clear } = useUploads();
  const { busy, refused, finish } = useFinish();
  const applied = shallowRef<EditDone | null>(null);
  const undone = ref(false);

  async function apply(): Promise<void> {
    const id = preview.value?.id;
    if (id === undefined) return;
    applied.value = await finish((token) => timetableApi.applyImport(token, id));
    // An import that was not taken is gone on the server; its files are weighed against the timetable of now.
    if (applied.value === null && refused.value?.kind === "problem") startAnew();
  }

  async function undo(): Promise<void> {
    const number = applied.value?.number;
    if (number !== undefined) undone.value = (await finish((token) => timetableApi.undo(token, number))) !== null;
  }

  function tellForgotten(): void {
    const id = preview.value?.id;
    if (id !== undefined && applied.value === null) void timetableApi.forgetImport(session.token ?? "", id);
  }

  function forget(): void {
    tellForgotten();
    clear();
    [refused.value, applied.value] = [null, null];
    undone.value = false;
  }

  return {
    preview, sending, waiting, leftOut, term, removeNotNamed, busy, refused, applied, undone, apply, undo, forget,
    standing: computed(() => (preview.value === null ? null : standingOf(preview.value))),
    drop: (name) => {
      tellForgotten();
      drop(name);
    },
    take: (files) => {
      refused.value = null;
      take(files);
    },
    choose: (choice) => {
      if (choice.term !== undefined) term.value = choice.term;
      if (choice.removeNotNamed !== undefined) removeNotNamed.value = choice.removeNotNamed;
      takeLastAgain();
    },
  };
}
