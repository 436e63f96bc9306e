// Runs where the browser handles sound: hands on what the microphone hears, in pieces that a page can keep up with.
const PIECE = 1024;

class Microphone extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE);
  #filled = 0;

  process(inputs) {
    for (const reading of inputs[0][0] ?? []) {
      this.#piece[this.#filled++] = reading;
      if (this.#filled < PIECE) continue;
      this.port.postMessage(this.#piece.slice());
      this.#filled = 0;
    }
    return true;
  }
}
registerProcessor('microphone', Microphone);
