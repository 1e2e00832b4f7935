// Reads getStats of a page's connections: `publish` and `subscribe` of the diagnostics hook.

/** The reports of one connection as plain objects, or null when the page has none. */
export async function reports(page, which) {
  return page.evaluate(async (name) => {
    const connection = window.__tongke?.[name] ?? null;
    if (connection === null) return null;
    return [...(await connection.getStats()).values()];
  }, which);
}

export function cipherOf(all) {
  return all.find((report) => report.type === "transport" && report.srtpCipher !== undefined)?.srtpCipher ?? null;
}

/** The candidates of ours and the server's that media goes between, each with protocol and port; null before there are any. */
export function chosenPair(all) {
  const byId = new Map(all.map((report) => [report.id, report]));
  // Firefox marks the pair, Chromium the transport.
  const marked = all.find((report) => report.type === "candidate-pair" && report.selected === true);
  const pair = marked ?? byId.get(all.find((report) => report.type === "transport")?.selectedCandidatePairId);
  if (pair === undefined) return null;
  return { local: byId.get(pair.localCandidateId), remote: byId.get(pair.remoteCandidateId) };
}

/** What arrives on each m-line that carried anything, by kind and mid. */
export function inbound(all, kind) {
  return all.filter((report) => report.type === "inbound-rtp" && report.kind === kind)
    .sort((a, b) => Number(a.mid) - Number(b.mid));
}

/** The codecs in use, e.g. `video/H264`. */
export function codecs(all) {
  const used = new Set(all.filter((report) => report.type.endsWith("bound-rtp")).map((report) => report.codecId));
  return all.filter((report) => used.has(report.id)).map((report) => report.mimeType);
}
