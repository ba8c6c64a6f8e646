/** A heap of numbered places, the nearest first; of two as near the one with the smaller number. */
export class NearestFirst {
  private readonly places: number[] = [];
  private readonly distances: number[] = [];

  add(place: number, distance: number): void {
    let at = this.places.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.isBefore(place, distance, above)) break;
      this.put(at, above);
      at = above;
    }
    this.places[at] = place;
    this.distances[at] = distance;
  }

  /** The next place, or -1 when none is left. */
  take(): number {
    const nearest = this.places[0] ?? -1;
    const place = this.places.pop() ?? -1;
    const distance = this.distances.pop() ?? 0;
    if (this.places.length > 0) this.sink(place, distance);
    return nearest;
  }

  private sink(place: number, distance: number): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.places.length) break;
      const right = below + 1;
      if (right < this.places.length && !this.isAfter(right, below)) below = right;
      if (this.isBefore(place, distance, below)) break;
      this.put(at, below);
      at = below;
    }
    this.places[at] = place;
    this.distances[at] = distance;
  }

  private isAfter(at: number, other: number): boolean {
    return !this.isBefore(this.places[at] ?? 0, this.distances[at] ?? 0, other);
  }

  private isBefore(place: number, distance: number, at: number): boolean {
    const there = this.distances[at] ?? 0;
    return distance < there || (distance === there && place < (this.places[at] ?? 0));
  }

  private put(at: number, from: number): void {
    this.places[at] = this.places[from] ?? 0;
    this.distances[at] = this.distances[from] ?? 0;
  }
}
