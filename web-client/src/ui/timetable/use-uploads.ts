// The files of an import on their way: one after another, each answer is a new preview.

import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from "vue";

import { problemKey, type Failure } from "../../core/problems";
import type { ImportPreview } from "../../core/protocol";
import { fileTrouble, type FileTrouble } from "../../core/timetable/import-files";
import { timetableApi } from "../../io/timetable-api";
import { session } from "../session";
import { leaveIfUnknown } from "./use-asked";

/** A file that is not in the import, and why. */
export type LeftOut = { name: string; why: FileTrouble | Failure };

export type UsedUploads = {
  preview: ShallowRef<ImportPreview | null>;
  /** The file on its way: `sent` from 0 to 1, all of it while the server reads. */
  sending: ShallowRef<{ name: string; sent: number } | null>;
  waiting: ComputedRef<number>;
  leftOut: ShallowRef<LeftOut[]>;
  term: Ref<string | null>;
  removeNotNamed: Ref<boolean>;
  take: (files: File[]) => void;
  /** The choices of term and removal are the server's to weigh: the last file goes up again. */
  takeLastAgain: () => void;
  /** The server has forgotten the import: it starts anew with the files it had. */
  startAnew: () => void;
  /** One file is no longer wanted: the import starts anew without it. */
  drop: (name: string) => void;
  clear: () => void;
};

/** Of files with one name the last. */
function byName(files: File[]): File[] {
  return [...new Map(files.map((file): [string, File] => [file.name, file])).values()];
}

/** What can be sent, and what cannot and why. */
function sorted(files: File[]): { fit: File[]; unfit: LeftOut[] } {
  const troubles = files.map((file) => ({ file, why: fileTrouble(file.name, file.size) }));
  return {
    fit: troubles.flatMap(({ file, why }) => (why === null ? [file] : [])),
    unfit: troubles.flatMap(({ file, why }) => (why === null ? [] : [{ name: file.name, why }])),
  };
}

export function useUploads(): UsedUploads {
  const preview = shallowRef<ImportPreview | null>(null);
  const sending = shallowRef<{ name: string; sent: number } | null>(null);
  const queue = shallowRef<File[]>([]);
  const leftOut = shallowRef<LeftOut[]>([]);
  const [term, removeNotNamed] = [ref<string | null>(null), ref(false)];
  /** The files of the import, by name. */
  let kept = new Map<string, File>();
  /** The import on the server; while files follow one another it works nothing out, so the preview is older. */
  let into: string | null = null;
  let isStale = false;

  function take(files: File[]): void {
    const { fit, unfit } = sorted(files);
    leftOut.value = unfit;
    queue.value = byName([...queue.value, ...fit]);
    if (sending.value === null) void sendNext();
  }

  function startAnew(): void {
    [preview.value, into, isStale] = [null, null, false];
    queue.value = byName([...kept.values(), ...queue.value]);
    if (sending.value === null) void sendNext();
  }

  async function sendNext(): Promise<void> {
    // The last file may have failed after others went well: what those do is not known yet.
    const again = queue.value.length === 0;
    const file = queue.value[0] ?? (isStale ? [...kept.values()].pop() : undefined);
    if (file === undefined) return;
    queue.value = queue.value.slice(1);
    sending.value = { name: file.name, sent: 0 };
    const more = queue.value.length > 0;
    const order = { file, into, term: term.value, removeNotNamed: removeNotNamed.value, more };
    const result = await timetableApi.upload(session.token ?? "", order, (sent) => (sending.value = { name: file.name, sent }));
    sending.value = null;
    const isForgotten = !result.ok && order.into !== null && problemKey(result.failure) === "not_found";
    if (result.ok || isForgotten) kept = new Map(kept).set(file.name, file);
    if (isForgotten) {
      startAnew();
      return;
    }
    if (result.ok) {
      into = result.value.id;
      isStale = more;
      if (!more) preview.value = result.value;
    } else {
      // Asked once again and no more.
      isStale &&= !again;
      leftOut.value = [...leftOut.value, { name: file.name, why: result.failure }];
      await leaveIfUnknown(result.failure);
    }
    await sendNext();
  }

  return {
    preview, sending, leftOut, term, removeNotNamed, take, startAnew,
    waiting: computed(() => queue.value.length),
    takeLastAgain: () => { take([...kept.values()].slice(-1)); },
    drop: (name) => {
      kept = new Map([...kept].filter(([other]) => other !== name));
      startAnew();
    },
    clear: () => {
      [preview.value, queue.value, leftOut.value, into, isStale] = [null, [], [], null, false];
      removeNotNamed.value = false;
      kept = new Map();
    },
  };
}
