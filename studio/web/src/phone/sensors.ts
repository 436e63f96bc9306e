// What a browser has that senses: the motion sensor of a phone, and a microphone.
import type { Sensor } from '$lib/phone';
import { Regular } from '$lib/regular';
import { listen, RATE_HZ } from '$lib/microphone';

const FULL_SCALE = 32_767; // sound is kept as 16-bit numbers, as WAV files have it

type AskForLeave = { requestPermission?: () => Promise<'granted' | 'denied'> };
const asksForLeave = (): AskForLeave['requestPermission'] =>
  typeof DeviceMotionEvent === 'undefined'
    ? undefined
    : (DeviceMotionEvent as unknown as AskForLeave).requestPermission?.bind(DeviceMotionEvent);

// WebKit gives what pulls the phone down where the specification wants what holds it up.
const SIGN = /^Apple/.test(navigator.vendor) ? -1 : 1;

/** m/s2 along three axes and, where it turns, deg/s around them; nothing when there is no sensor behind the event. */
function valuesOf(event: DeviceMotionEvent): { moves: number[]; turns: number[] | null } | null {
  const { accelerationIncludingGravity: moves, rotationRate: turns } = event;
  if (moves?.x == null || moves.y == null || moves.z == null) return null;
  const hasTurns = turns?.alpha != null && turns.beta != null && turns.gamma != null;
  return {
    moves: [SIGN * moves.x, SIGN * moves.y, SIGN * moves.z],
    // beta turns around x, gamma around y, alpha around z.
    turns: hasTurns ? [turns.beta!, turns.gamma!, turns.alpha!] : null,
  };
}

const ACCELERATION = ['accX', 'accY', 'accZ'].map((name) => ({ name, units: 'm/s2' }));
const ROTATION = ['gyrX', 'gyrY', 'gyrZ'].map((name) => ({ name, units: 'deg/s' }));

function motionSensor(withTurns: boolean): Sensor {
  return {
    name: withTurns ? 'Accelerometer and gyroscope' : 'Accelerometer',
    axes: withTurns ? [...ACCELERATION, ...ROTATION] : ACCELERATION,
    ratesHz: [60, 50, 25],
    mostSeconds: 300,
    listen: (intervalMs, heard) => {
      const regular = new Regular(intervalMs);
      const take = (event: DeviceMotionEvent): void => {
        const values = valuesOf(event);
        if (!values) return;
        const rows = regular.push(
          event.timeStamp,
          withTurns ? [...values.moves, ...(values.turns ?? [0, 0, 0])] : values.moves,
        );
        if (rows.length > 0) heard(rows);
      };
      addEventListener('devicemotion', take);
      return Promise.resolve(() => removeEventListener('devicemotion', take));
    },
  };
}

const NONE_AFTER_MS = 3000;

/** A browser that lets a page feel motion only after a touch, as iPhones do. */
export class WantsTouch extends Error {}

/** Asks for leave where the browser wants that, and waits for the first reading. Throws a sentence. */
export async function motionSensors(): Promise<Sensor[]> {
  if (!isSecureContext) throw new Error('Browsers give the motion sensor only to pages that come by https.');
  if (typeof DeviceMotionEvent === 'undefined') throw new Error('This browser knows no motion sensor.');
  const leave = await asksForLeave()?.().catch(() => {
    throw new WantsTouch('The browser asks for a touch first.');
  });
  if (leave === 'denied') {
    throw new Error('The browser does not let this page feel motion; close and open the page to be asked again.');
  }
  const hasTurns = await new Promise<boolean>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(tooLate);
      removeEventListener('devicemotion', first);
    };
    const first = (event: DeviceMotionEvent): void => {
      const values = valuesOf(event);
      if (!values) return;
      stop();
      resolve(values.turns !== null);
    };
    const tooLate = setTimeout(() => {
      stop();
      reject(new Error('This device has no motion sensor, or the browser keeps it to itself.'));
    }, NONE_AFTER_MS);
    addEventListener('devicemotion', first);
  });
  return hasTurns ? [motionSensor(false), motionSensor(true)] : [motionSensor(false)];
}

export const microphone: Sensor = {
  name: 'Microphone',
  axes: [{ name: 'audio', units: 'wav' }],
  ratesHz: [RATE_HZ],
  mostSeconds: 60,
  listen: async (intervalMs, heard) => {
    if (Math.abs(intervalMs * RATE_HZ - 1000) > 1) {
      throw new Error(`the microphone gives ${RATE_HZ} readings a second and no other number`);
    }
    return listen((readings) => heard(Array.from(readings, (reading) => [Math.round(reading * FULL_SCALE)])));
  },
};
