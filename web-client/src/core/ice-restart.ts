// An ICE restart as WHIP and WHEP have it (RFC 9725, section 4.3.3): the new credentials go out and come back as an SDP
// fragment (RFC 8840), and everything else stays as it was negotiated.

/** The credentials of an offer, under its first m-line: all m-lines are bundled with it. Null where it has none. */
export function restartFragment(offer: string): string | null {
  const [ufrag, password, mid] = ["ice-ufrag", "ice-pwd", "mid"].map((name) => attribute(offer, name));
  const media = /^m=.*?(?=\r?$)/m.exec(offer)?.[0];
  if (ufrag === undefined || password === undefined || mid === undefined || media === undefined) return null;
  return `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${password}\r\n${media}\r\na=mid:${mid}\r\n`;
}

/** The answer that was negotiated, with the credentials and candidates of the fragment. Null where that has none. */
export function restartedAnswer(answer: string, fragment: string): string | null {
  const [ufrag, password] = ["ice-ufrag", "ice-pwd"].map((name) => attribute(fragment, name));
  if (ufrag === undefined || password === undefined) return null;
  const candidates = fragment.match(/^a=candidate:.*?(?=\r?$)/gm) ?? [];
  const renewed = answer.replace(/^(a=ice-ufrag:).*?(?=\r?$)/gm, (_, name: string) => name + ufrag).replace(/^(a=ice-pwd:).*?(?=\r?$)/gm, (_, name: string) => name + password);
  if (candidates.length === 0) return renewed;
  return renewed.replace(/(^a=candidate:.*\r?\n)+/gm, () => candidates.map((line) => `${line}\r\n`).join(""));
}

function attribute(sdp: string, name: string): string | undefined {
  return new RegExp(`^a=${name}:(.+?)\\r?$`, "m").exec(sdp)?.[1];
}
