// Making edits: what an edit would do, saving it, and taking the last one back.

import { ref, shallowRef, type Ref, type ShallowRef } from "vue";

import type { Failure } from "../../core/problems";
import type { Edit, EditDone } from "../../core/protocol";
import type { Result } from "../../io/http";
import { after } from "../../io/ticking";
import { timetableApi } from "../../io/timetable-api";
import { session } from "../session";
import { leaveIfUnknown } from "./use-asked";

/** People type; each letter need not be checked. */
const CHECK_AFTER_MS = 250;

export type Saved = { done: EditDone; undone: boolean };

export type UsedEdits = {
  /** What the edit at hand would do; null until it is known. */
  checked: ShallowRef<EditDone | null>;
  checking: Ref<boolean>;
  /** Why the edit at hand cannot be made. */
  refused: ShallowRef<Failure | null>;
  busy: Ref<boolean>;
  /** The last edit that was saved. */
  saved: ShallowRef<Saved | null>;
  check: (edit: Edit | null) => void;
  /** Whether it was saved. */
  save: (edit: Edit) => Promise<boolean>;
  /** Takes the last edit back. */
  undo: () => Promise<void>;
  /** Takes any change of the log back. */
  undoChange: (number: number) => Promise<void>;
  dismiss: () => void;
};

/** `changed` is called after each edit that the server has taken. */
export function useEdits(changed: () => void): UsedEdits {
  const checked = shallowRef<EditDone | null>(null);
  const refused = shallowRef<Failure | null>(null);
  const saved = shallowRef<Saved | null>(null);
  const [checking, busy] = [ref(false), ref(false)];
  let checks = 0;
  let callOff = (): void => undefined;

  function check(edit: Edit | null): void {
    callOff();
    checks += 1;
    checked.value = null;
    refused.value = null;
    checking.value = edit !== null;
    const mine = checks;
    if (edit !== null) callOff = after(CHECK_AFTER_MS, () => void look(edit, mine));
  }

  async function look(edit: Edit, mine: number): Promise<void> {
    const result = await timetableApi.check(session.token ?? "", edit);
    if (mine !== checks) return;
    checking.value = false;
    if (result.ok) checked.value = result.value;
    else refused.value = result.failure;
  }

  async function send(asking: (token: string) => Promise<Result<EditDone>>, undone: boolean): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    refused.value = null;
    const result = await asking(session.token ?? "");
    busy.value = false;
    if (result.ok) {
      saved.value = { done: result.value, undone };
      changed();
      return true;
    }
    refused.value = result.failure;
    await leaveIfUnknown(result.failure);
    return false;
  }

  async function undoChange(number: number): Promise<void> {
    await send((token) => timetableApi.undo(token, number), true);
  }

  return {
    checked, checking, refused, busy, saved, check,
    save: (edit) => send((token) => timetableApi.edit(token, edit), false),
    undo: async () => {
      const number = saved.value?.done.number;
      if (number !== undefined) await undoChange(number);
    },
    undoChange,
    dismiss: () => {
      saved.value = null;
      refused.value = null;
    },
  };
}
