// The signaling WebSocket: text in and out as typed messages. When to open or give up is decided in core/line.

import type { ClientMessage, LessonId, ServerMessage } from "../core/protocol";
import { socketPath, socketProtocols } from "../core/roles";

export type Socket = {
  send: (message: ClientMessage) => void;
  close: () => void;
};

export type SocketHandlers = {
  opened: () => void;
  message: (message: ServerMessage) => void;
  closed: () => void;
};

export function openSocket(lesson: LessonId, token: string, on: SocketHandlers): Socket {
  const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${window.location.host}${socketPath(lesson)}`, socketProtocols(token));
  // After close() a late event of this socket must not be taken for one of its successor.
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    on.closed();
  };
  socket.onopen = () => !done && on.opened();
  socket.onmessage = (event: MessageEvent<unknown>) => {
    const message = parse(event.data);
    if (!done && message !== null) on.message(message);
  };
  socket.onclose = finish;
  socket.onerror = finish;
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    close: () => {
      done = true;
      socket.close();
    },
  };
}

/** The server is trusted to send what it declares; unreadable text is dropped rather than allowed to break the page. */
function parse(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && "type" in value ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}
