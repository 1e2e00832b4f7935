// Where each role lands, what it is offered, and what a link may say about who to be.

import type { LessonId, Role } from "./protocol";

export function homeOf(role: Role): string {
  switch (role) {
    case "master_teacher":
      return "/teach";
    case "classroom_device":
      return "/classroom";
    case "researcher":
      return "/watch";
    case "student":
      return "/library";
    case "admin":
      return "/admin";
  }
}

export type Place = { path: string; label: "teach" | "classroom" | "watch" | "library" | "admin" | "timetable" | "report" };

/** The pages a role finds in its header. A classroom screen has none: it is led by the timetable. */
export function placesOf(role: Role): Place[] {
  const library: Place = { path: "/library", label: "library" };
  const report: Place = { path: "/report", label: "report" };
  switch (role) {
    case "master_teacher":
      return [{ path: "/teach", label: "teach" }, library];
    case "classroom_device":
      return [{ path: "/classroom", label: "classroom" }, library];
    case "researcher":
      return [{ path: "/watch", label: "watch" }, report, library];
    case "student":
      return [library];
    case "admin":
      return [{ path: "/admin", label: "admin" }, { path: "/admin/timetable", label: "timetable" }, report, library];
  }
}

/** Whether a role may have files made of a recording: `ExportRecording` in the server's table (signaling/access). */
export function mayExport(role: Role): boolean {
  switch (role) {
    case "master_teacher":
    case "researcher":
    case "admin":
      return true;
    case "classroom_device":
    case "student":
      return false;
  }
}

/** `#token=…` of a link that signs a person in. */
export function tokenInHash(hash: string): string | null {
  const token = /^#(?:.*&)?token=([^&]+)/.exec(hash)?.[1];
  return token === undefined ? null : decodeURIComponent(token);
}

/** The subprotocols of the WebSocket: the browser lets a page send no header there, so the token rides along. */
export function socketProtocols(token: string): string[] {
  return ["tongke.v1", `bearer.${token}`];
}

export function socketPath(lesson: LessonId): string {
  return `/ws?lesson=${encodeURIComponent(lesson)}`;
}
