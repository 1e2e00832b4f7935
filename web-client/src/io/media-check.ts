// Opening a session to the server, without a lesson, to see whether sound and picture would get through, and how much of them.

import { lostPermille, onlyOver, type Protocol, type Reach, type Tally } from "../core/line-check";
import { after } from "./ticking";

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
  const tone = new AudioContext();
  const connection = new RTCPeerConnection();
  try {
    if (listening.location === null || !(await connects(listening.connection, limitMs))) return null;
    connection.addTransceiver(quietTone(tone), { direction: "sendonly" });
    const speaking = await opened(connection, listening.location, token, protocol, limitMs);
    if (speaking === null || !(await connects(connection, limitMs))) return null;
    await new Promise<void>((over) => after(LISTEN_MS, over));
    return lostPermille(await sentBy(connection), await receivedBy(listening.connection));
  } catch {
    return null;
  } finally {
    listening.connection.close();
    connection.close();
    void tone.close();
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

/** A voice that no microphone is needed for. A browser that waits for a press lets it say nothing; then nothing is learned. */
function quietTone(context: AudioContext): MediaStreamTrack {
  const [oscillator, gain, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
  gain.gain.value = 0.001;
  oscillator.connect(gain).connect(out);
  oscillator.start();
  const [track] = out.stream.getAudioTracks();
  if (track === undefined) throw new Error("no sound to send");
  return track;
}

type Stat = { type: string; kind?: string; packetsSent?: number; packetsReceived?: number; packetsLost?: number };

async function statOf(connection: RTCPeerConnection, type: string): Promise<Stat | null> {
  let found: Stat | null = null;
  (await connection.getStats()).forEach((stat: Stat) => {
    if (stat.type === type && stat.kind === "audio") found = stat;
  });
  return found;
}

/** As the server's last report has it. */
async function sentBy(connection: RTCPeerConnection): Promise<Tally> {
  const [sent, told] = [await statOf(connection, "outbound-rtp"), await statOf(connection, "remote-inbound-rtp")];
  return { packets: sent?.packetsSent ?? 0, lost: told === null ? null : (told.packetsLost ?? null) };
}

async function receivedBy(connection: RTCPeerConnection): Promise<Tally> {
  const received = await statOf(connection, "inbound-rtp");
  const lost = received?.packetsLost ?? null;
  return { packets: (received?.packetsReceived ?? 0) + Math.max(0, lost ?? 0), lost };
}
