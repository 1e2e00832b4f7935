// What a weak line does to one page, in figures: read from the statistics of the track that an element plays.

import { chosenPair, reports } from "./stats.mjs";

/** The `inbound-rtp` report of what the element plays; null while it plays nothing that arrives. */
export function streamOf(page, testid) {
  return page.evaluate(async (id) => {
    const track = document.querySelector(`[data-testid="${id}"]`)?.srcObject?.getTracks()[0];
    const connection = window.__tongke?.subscribe ?? null;
    if (track === undefined || connection === null) return null;
    return [...(await connection.getStats(track)).values()].find((report) => report.type === "inbound-rtp") ?? null;
  }, testid);
}

/** Of the voice between two reports, how much in percent was made up where there was something to hear. */
export function concealedPercent(was, now) {
  const made = (report) => report.concealedSamples - report.silentConcealedSamples;
  return (100 * (made(now) - made(was))) / (now.totalSamplesReceived - was.totalSamplesReceived);
}

/** The same of the next `forMs`. */
export async function concealedDuring(page, forMs, during = () => lasts(forMs)) {
  const was = await streamOf(page, "lead-voice");
  await during();
  return concealedPercent(was, await streamOf(page, "lead-voice"));
}

/** Looks at the stage and the line four times a second for so long: rows of `ms` since the beginning. */
export async function watchStage(page, forMs) {
  const began = performance.now();
  const rows = [];
  while (performance.now() - began < forMs) {
    const [picture, pair] = [await streamOf(page, "stage-video"), chosenPairOf(await reports(page, "subscribe"))];
    rows.push({
      ms: Math.round(performance.now() - began), width: picture?.frameWidth ?? 0, frames: picture?.framesDecoded ?? 0,
      rtt: Math.round((pair?.currentRoundTripTime ?? 0) * 1000),
    });
    await lasts(250);
  }
  return rows;
}

function chosenPairOf(all) {
  const chosen = chosenPair(all)?.remote?.id;
  return all.find((report) => report.type === "candidate-pair" && report.remoteCandidateId === chosen);
}

/** How long after the beginning of the rows the picture was at least so wide, with new frames; null if it never was. */
export function wideAfter(rows, width) {
  const row = rows.find((each, index) => each.width >= width && each.frames > (rows[index - 1]?.frames ?? Infinity));
  return row?.ms ?? null;
}

/** The widths in their order, each with when it came: `640@0 320@1750`. */
export function widths(rows) {
  const changes = rows.filter((row, index) => index === 0 || row.width !== rows[index - 1].width);
  return changes.map((row) => `${row.width}@${row.ms}`).join(" ");
}

/** A span of the line's life, which is what is measured. */
export function lasts(ms) {
  return new Promise((over) => setTimeout(over, ms));
}
