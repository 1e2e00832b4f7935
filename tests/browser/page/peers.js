// Runs inside a bare page of the server's origin: a WHEP viewer and a WHIP publisher that know nothing of the web
// client, as any other player or encoder would be.

(() => {
  async function exchange(connection, endpoint, token) {
    await connection.setLocalDescription();
    const posted = performance.now();
    const response = await fetch(endpoint, {
      method: "POST", headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` }, body: connection.localDescription.sdp,
    });
    const sdp = await response.text();
    if (response.status !== 201) throw new Error(`${response.status}: ${sdp}`);
    await connection.setRemoteDescription({ type: "answer", sdp });
    return { posted, session: response.headers.get("location") };
  }

  function element(kind, testid, track) {
    const made = document.createElement(kind);
    made.dataset.testid = testid;
    made.autoplay = true;
    made.playsInline = true;
    made.srcObject = new MediaStream([track]);
    document.body.append(made);
    void made.play();
    return made;
  }

  const state = { publish: null, subscribe: null };
  window.__tongke ??= state;

  /** Receives one voice and one picture; resolves to ms from the POST to the first frame on the page. */
  async function watch(lesson, token) {
    const connection = new RTCPeerConnection();
    window.__tongke.subscribe = connection;
    const audio = connection.addTransceiver("audio", { direction: "recvonly" }).receiver.track;
    const video = connection.addTransceiver("video", { direction: "recvonly" }).receiver.track;
    element("audio", "whep-audio", audio);
    const picture = element("video", "whep-video", video);
    let first = 0;
    const shown = new Promise((resolve) => picture.requestVideoFrameCallback(() => {
      first = performance.now();
      resolve();
    }));
    const { posted, session } = await exchange(connection, `/whep/${lesson}`, token);
    await shown;
    return { firstFrameMs: first - posted, session };
  }

  /** Sends the tracks of a stream on the lead's m-lines: voice, then camera. */
  async function publish(lesson, token, stream, { maxBitrate, hint } = {}) {
    const connection = new RTCPeerConnection();
    window.__tongke.publish = connection;
    for (const track of stream.getAudioTracks()) connection.addTransceiver(track, { direction: "sendonly" });
    for (const track of stream.getVideoTracks()) {
      if (hint !== undefined) track.contentHint = hint;
      connection.addTransceiver(track, { direction: "sendonly", sendEncodings: [maxBitrate === undefined ? {} : { maxBitrate }] });
    }
    return exchange(connection, `/whip/${lesson}`, token);
  }

  window.peers = { watch, publish };
})();
