// Opening a session to the server, without a lesson, to see whether sound and picture would get through, and how much of them.

import { lostPermille, onlyOver, type Protocol, type Reach } from "../core/line-check";
import { readLine } from "./line-stats";
import { after } from "./ticking";
import { quietTone } from "./tone";

const SESSIONS = "/api/line-check/media";
/** A voice has fifty packets a second; a report on it comes once a second. */
const LISTEN_MS = 4000;

type Session = { connection: RTCPeerConnection; location: string | null };

/** Whether a session comes about over this protocol alone within `limitMs`; unknown where the server does not answer the offer. */
export async function reach(token: string, protocol: Protocol, limitMs: number): Promise<Reach> {
  const session = await listen(token, protocol, limitMs);
  if (session === null) return "unknown";
  const connected = await connects(session.connection, limitMs);
  session.connection.close();
  return connected ? "reachable" : "blocked";
}

/** How much of a voice is lost on its way there or back over this protocol, of a thousand; null where that cannot be learned. */
export async function loss(token: string, protocol: Protocol, limitMs: number): Promise<number | null> {
  const listening = await listen(token, protocol, limitMs);
  if (listening === null) return null;
  const tone = quietTone();
  const connection = new RTCPeerConnection();
  try {
    if (listening.location === null || !(await connects(listening.connection, limitMs))) return null;
    connection.addTransceiver(tone.track, { direction: "sendonly" });
    const speaking = await opened(connection, listening.location, token, protocol, limitMs);
    if (speaking === null || !(await connects(connection, limitMs))) return null;
    await new Promise<void>((over) => after(LISTEN_MS, over));
    const [up, back] = [await readLine(connection), await readLine(listening.connection)];
    if (up === null || back === null) return null;
    return lostPermille({ packets: up.sent, lost: up.sentLost }, { packets: back.received + Math.max(0, back.lost), lost: back.lost });
  } catch {
    return null;
  } finally {
    listening.connection.close();
    connection.close();
    tone.stop();
  }
}

async function listen(token: string, protocol: Protocol, limitMs: number): Promise<Session | null> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  try {
    for (const kind of ["audio", "video"]) connection.addTransceiver(kind, { direction: "recvonly" });
    const session = await opened(connection, SESSIONS, token, protocol, limitMs);
    if (session === null) connection.close();
    return session;
  } catch {
    // What the browser cannot do says nothing about the line.
    connection.close();
    return null;
  }
}

async function opened(connection: RTCPeerConnection, url: string, token: string, protocol: Protocol, limitMs: number): Promise<Session | null> {
  await connection.setLocalDescription(await connection.createOffer());
  const limit = new AbortController();
  const callOff = after(limitMs, () => limit.abort());
  try {
    const headers = { "content-type": "application/sdp", authorization: `Bearer ${token}` };
    const response = await fetch(url, { method: "POST", headers, body: connection.localDescription?.sdp ?? "", signal: limit.signal });
    if (!response.ok) return null;
    await connection.setRemoteDescription({ type: "answer", sdp: onlyOver(await response.text(), protocol) });
    return { connection, location: response.headers.get("location") };
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
