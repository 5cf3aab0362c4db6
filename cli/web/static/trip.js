// A live session: microphone, worklet, server, and back.

import { closeMicrophone, listenTo, openMicrophone } from "./microphone.js";
import { Problem } from "./notices.js";

const HEAD = 16; // bytes before the samples: see the server's trip.py

export class Trip {
  /** `on` has facts, packet, state, and ended: functions that are told what happens. */
  constructor(preset, on) {
    this.preset = preset;
    this.on = on;
  }

  async begin() {
    this.stream = await openMicrophone();
    try {
      Object.assign(this, await listenTo(this.stream, "worklets/duplex.js"));
      await this.openSocket();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  openSocket() {
    const address = new URL("api/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
      this.socket.onopen = () => this.socket.send(JSON.stringify({ preset: this.preset, rate: this.context.sampleRate }));
      this.socket.onmessage = ({ data }) => {
        if (typeof data !== "string") return this.hear(data);
        const facts = JSON.parse(data);
        this.on.facts(facts);
        this.connect({ packetSeconds: facts.packet_seconds });
        return resolve();
      };
      this.socket.onclose = ({ reason }) => {
        const problem = new Problem(reason || "the server hung up", "press Start to try again");
        reject(problem);
        if (this.node) this.on.ended(problem);
        this.end();
      };
    });
  }

  connect(processorOptions) {
    const mono = { outputChannelCount: [1], channelCount: 1, channelCountMode: "explicit" };
    this.node = new AudioWorkletNode(this.context, "duplex", { ...mono, processorOptions });
    this.node.port.onmessage = ({ data }) => {
      if (data.piece) this.socket.send(data.piece);
      else this.on.state({ ...data, device: (this.context.baseLatency ?? 0) + (this.context.outputLatency ?? 0) });
    };
    this.source.connect(this.node).connect(this.context.destination);
  }

  hear(data) {
    const head = new DataView(data);
    this.on.packet({ work: head.getFloat32(8, true), bytes: head.getUint16(12, true) });
    this.node?.port.postMessage(new Int16Array(data, HEAD));
  }

  end() {
    if (this.socket) this.socket.onclose = null;
    this.socket?.close();
    if (this.node) {
      this.node.port.onmessage = null;
      this.node.port.postMessage(null);
      this.node = null;
    }
    closeMicrophone(this.stream);
    if (this.context?.state !== "closed") this.context?.close();
  }
}
