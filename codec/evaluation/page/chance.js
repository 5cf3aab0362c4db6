// Chance that can be repeated: all that is drawn in a test follows from its seed.

const newSeed = () => crypto.getRandomValues(new Uint32Array(1))[0];

/** A function that draws numbers from 0 to below 1 (mulberry32, T. Ettinger). */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A shuffled copy (Fisher and Yates). */
function shuffled(items, draw) {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(draw() * (last + 1));
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
}

/** How probable it is that guessing gets at least `right` of `count` right: the one-sided binomial test. */
function guessing(right, count) {
  let ways = 1; // count over k
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    if (k >= right) sum += ways;
    ways = (ways * (count - k)) / (k + 1);
  }
  return sum / 2 ** count;
}
