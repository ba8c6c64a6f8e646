/** Dijkstra's search over gateways; what it leaves behind is cleared by the next one, so a short search costs little. */
import { NearestFirst } from './nearest-first.ts';

export class Search {
  readonly distances: Float64Array;
  /** The gateway before each on the way, and the liking that is the move. */
  readonly before: Int32Array;
  readonly places: Int32Array;
  settled: number[] = [];
  private readonly isSettled: Uint8Array;
  private reached: number[] = [];
  private open = new NearestFirst();

  constructor(gateways: number) {
    this.distances = new Float64Array(gateways).fill(Number.POSITIVE_INFINITY);
    this.before = new Int32Array(gateways);
    this.places = new Int32Array(gateways);
    this.isSettled = new Uint8Array(gateways);
  }

  begin(start: number): void {
    for (const gateway of this.reached) {
      this.distances[gateway] = Number.POSITIVE_INFINITY;
      this.isSettled[gateway] = 0;
    }
    this.open = new NearestFirst();
    this.settled = [];
    this.reached = [start];
    this.distances[start] = 0;
    this.open.add(start, 0);
  }

  /** The nearest gateway that has not been looked at, or -1. */
  next(): number {
    for (;;) {
      const gateway = this.open.take();
      if (gateway >= 0 && this.isSettled[gateway] === 1) continue;
      if (gateway >= 0) {
        this.isSettled[gateway] = 1;
        this.settled.push(gateway);
      }
      return gateway;
    }
  }

  reach(gateway: number, distance: number, from: number, place: number): void {
    const known = this.distances[gateway] ?? 0;
    if (distance >= known) return;
    if (known === Number.POSITIVE_INFINITY) this.reached.push(gateway);
    this.distances[gateway] = distance;
    this.before[gateway] = from;
    this.places[gateway] = place;
    this.open.add(gateway, distance);
  }
}
