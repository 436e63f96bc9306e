// The microphone of the computer that one sits at.
import workletUrl from './microphone_worklet.js?url';

/** What networks for words and sounds are usually made for. */
export const RATE_HZ = 16_000;

/** Pages get a microphone only where nobody on the way can listen. */
export function hasMicrophone(): boolean {
  return isSecureContext && navigator.mediaDevices !== undefined;
}

/**
 * Listens until what it gives is called. `heard` gets readings from -1 to 1. Throws a sentence when there is none, or no
 * leave to use it.
 */
export async function listen(heard: (readings: Float32Array) => void): Promise<() => void> {
  let stream: MediaStream;
  try {
    // What it does for people on the telephone would be learnt, too.
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    stream = await navigator.mediaDevices.getUserMedia({ audio });
  } catch (thrown) {
    const isRefused = thrown instanceof DOMException && thrown.name === 'NotAllowedError';
    throw new Error(
      isRefused
        ? 'The browser does not let this page use the microphone; allow it beside the address.'
        : 'There is no microphone that the browser can use.',
    );
  }
  const context = new AudioContext({ sampleRate: RATE_HZ });
  await context.audioWorklet.addModule(workletUrl);
  const node = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 0 });
  node.port.onmessage = (message: MessageEvent<Float32Array>) => heard(message.data);
  context.createMediaStreamSource(stream).connect(node);
  return () => {
    node.port.onmessage = null;
    stream.getTracks().forEach((track) => track.stop());
    void context.close();
  };
}
