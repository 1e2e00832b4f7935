// What a picture of a replay is called.

import type { ReplayView } from "../../core/replay/views";
import { t } from "../lang";

export function viewName(view: ReplayView): string {
  const { replay: words } = t.value;
  if (view.lead) return view.slot === "camera" ? words.leadCamera : words.leadScreen;
  return view.slot === "camera" ? words.pointCamera(view.person) : words.pointScreen(view.person);
}
