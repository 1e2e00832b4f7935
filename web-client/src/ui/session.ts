// Who this tab is. The token lives as long as the tab.

import { shallowReactive } from "vue";

import { homeOf } from "../core/roles";
import type { Failure } from "../core/problems";
import type { Me } from "../core/protocol";
import { api } from "../io/http";
import { rememberedToken } from "../io/storage";

type Session = { token: string | null; me: Me | null };

export const session = shallowReactive<Session>({ token: rememberedToken.read(), me: null });

export function takeToken(token: string): void {
  session.token = token;
  session.me = null;
  rememberedToken.write(token);
}

export function signOut(): void {
  session.token = null;
  session.me = null;
  rememberedToken.write(null);
}

/** Asks the server who the token is; null when it went well. A token the server does not know is forgotten. */
export async function loadMe(): Promise<Failure | null> {
  if (session.token === null) return { kind: "status", status: 401 };
  const result = await api.me(session.token);
  if (result.ok) {
    session.me = result.value;
    return null;
  }
  const { failure } = result;
  const status = failure.kind === "problem" ? failure.problem.status : failure.kind === "status" ? failure.status : 0;
  if (status === 401) signOut();
  return failure;
}

export function home(): string {
  return session.me === null ? "/" : homeOf(session.me.role);
}
