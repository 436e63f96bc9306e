// Sound as a WAV file: one channel, 16 bits.

/** `readings` from -1 to 1; what is louder is cut. */
export function wavOf(readings: Float32Array, rateHz: number): Blob {
  const bytes = new DataView(new ArrayBuffer(44 + readings.length * 2));
  const word = (at: number, text: string): void =>
    [...text].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)));
  word(0, 'RIFF');
  bytes.setUint32(4, 36 + readings.length * 2, true);
  word(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true); // length of what follows, up to "data"
  bytes.setUint16(20, 1, true); // whole numbers
  bytes.setUint16(22, 1, true); // channels
  bytes.setUint32(24, rateHz, true);
  bytes.setUint32(28, rateHz * 2, true); // bytes a second
  bytes.setUint16(32, 2, true); // bytes a reading
  bytes.setUint16(34, 16, true); // bits a reading
  word(36, 'data');
  bytes.setUint32(40, readings.length * 2, true);
  readings.forEach((reading, i) => {
    bytes.setInt16(44 + i * 2, Math.round(Math.max(-1, Math.min(1, reading)) * 32767), true);
  });
  return new Blob([bytes.buffer], { type: 'audio/wav' });
}
