// Opening a session to the server, without a lesson, to see whether sound and picture would get through.

import { onlyOver, type Protocol, type Reach } from "../core/line-check";
import { after } from "./ticking";

/** Whether a session comes about over this protocol alone within `limitMs`; unknown where the server does not answer the offer. */
export async function reach(token: string, protocol: Protocol, limitMs: number): Promise<Reach> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  try {
    for (const kind of ["audio", "video"]) connection.addTransceiver(kind, { direction: "recvonly" });
    await connection.setLocalDescription(await connection.createOffer());
    const answer = await answered(token, connection.localDescription?.sdp ?? "", limitMs);
    if (answer === null) return "unknown";
    await connection.setRemoteDescription({ type: "answer", sdp: onlyOver(answer, protocol) });
    return (await connects(connection, limitMs)) ? "reachable" : "blocked";
  } catch {
    // What the browser cannot do says nothing about the line.
    return "unknown";
  } finally {
    connection.close();
  }
}

async function answered(token: string, sdp: string, limitMs: number): Promise<string | null> {
  const limit = new AbortController();
  const callOff = after(limitMs, () => limit.abort());
  try {
    const headers = { "content-type": "application/sdp", authorization: `Bearer ${token}` };
    const response = await fetch("/api/line-check/media", { method: "POST", headers, body: sdp, signal: limit.signal });
    return response.ok ? await response.text() : null;
  } finally {
    callOff();
  }
}

/** ICE and DTLS: either alone may pass where the other does not. */
function connects(connection: RTCPeerConnection, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const callOff = after(limitMs, () => resolve(false));
    const look = (): void => {
      const { connectionState } = connection;
      if (connectionState !== "connected" && connectionState !== "failed") return;
      callOff();
      resolve(connectionState === "connected");
    };
    connection.onconnectionstatechange = look;
    look();
  });
}
