// The HTTP half that WHIP (RFC 9725) and WHEP share: offer out, answer in, DELETE to leave.

import { audioOffer, type Stereo } from "../core/audio-offer";
import type { Failure } from "../core/problems";
import { failureOf } from "./http";

export class ExchangeRefused extends Error {
  constructor(readonly failure: Failure) {
    super("the server refused the offer");
  }
}

/**
 * Posts the offer at once, without waiting for candidates: the server is ICE-lite and learns this side from its
 * checks. Returns the session's URL.
 */
export async function exchange(
  connection: RTCPeerConnection,
  endpoint: string,
  token: string,
  stereo: Stereo,
): Promise<string> {
  const sdp = await applyOffer(connection, (await connection.createOffer()).sdp ?? "", stereo);
  const response = await post(endpoint, token, sdp);
  if (!response.ok) throw new ExchangeRefused(await failureOf(response));
  const session = new URL(response.headers.get("location") ?? "", new URL(endpoint, window.location.href)).href;
  try {
    await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
  } catch (error) {
    leave(session, token);
    throw error;
  }
  return session;
}

/** Applies the offer with what is written into it for sound, or as the browser made it if it minds. Returns what was applied. */
async function applyOffer(connection: RTCPeerConnection, made: string, stereo: Stereo): Promise<string> {
  const sdp = audioOffer(made, stereo);
  try {
    await connection.setLocalDescription({ type: "offer", sdp });
    return sdp;
  } catch {
    await connection.setLocalDescription({ type: "offer", sdp: made });
    return made;
  }
}

async function post(endpoint: string, token: string, sdp: string): Promise<Response> {
  try {
    return await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
      body: sdp,
    });
  } catch {
    throw new ExchangeRefused({ kind: "network" });
  }
}

/** Leaving is a courtesy; `keepalive` lets it outlive the page. */
export function leave(session: string, token: string): void {
  fetch(session, { method: "DELETE", headers: { authorization: `Bearer ${token}` }, keepalive: true }).catch(
    () => undefined,
  );
}
