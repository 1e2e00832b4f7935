// The diagnostics hook: `window.__tongke` holds the page's live peer connections, for the technician's console and
// for measuring (getStats). Nothing in the product reads it.

declare global {
  interface Window {
    __tongke?: { publish: RTCPeerConnection | null; subscribe: RTCPeerConnection | null };
  }
}

export function showConnection(which: "publish" | "subscribe", connection: RTCPeerConnection | null): void {
  const shown = window.__tongke ?? { publish: null, subscribe: null };
  shown[which] = connection;
  window.__tongke = shown;
}

showConnection("publish", null);
showConnection("subscribe", null);
