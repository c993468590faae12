/* The random numbers of JAX (Threefry, `jax_threefry_partitionable`), for translated functions.

   Source: Salmon et al. (2011), doi 10.1145/2063384.2063405. A key is a pair of unsigned integers. */
globalThis.jaxRandom ??= (() => {
  const TURNS = [[13, 15, 26, 6], [17, 29, 16, 24]];

  /* Two numbers scrambled by a key. */
  function threefry([k0, k1], c0, c1) {
    const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bda];
    let [x0, x1] = [(c0 + k0) | 0, (c1 + k1) | 0];
    for (let round = 0; round < 5; round++) {
      for (const turn of TURNS[round % 2]) {
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << turn) | (x1 >>> (32 - turn))) ^ x0;
      }
      x0 = (x0 + keys[(round + 1) % 3]) | 0;
      x1 = (x1 + keys[(round + 2) % 3] + round + 1) | 0;
    }
    return [x0 >>> 0, x1 >>> 0];
  }

  /* Counters are 64 bits wide; below 2^32 numbers the upper half is 0. */
  const pairs = (key, n) => Array.from({ length: n }, (_, i) => threefry(key, 0, i));
  const halves = (number) => [Math.floor(number / 2 ** 32) >>> 0, number >>> 0];
  const scratch = new DataView(new ArrayBuffer(4));

  return {
    key: (seed) => halves(seed),
    foldIn: (key, number) => threefry(key, ...halves(number >>> 0)),
    split: (key, n = 2) => pairs(key, n),
    bits: (key, n) => pairs(key, n).map(([a, b]) => (a ^ b) >>> 0),
    /* Numbers in [0, 1) of 23 bits, as `jax.random.uniform` draws float32. */
    uniform: (key, n) => pairs(key, n).map(([a, b]) => ((a ^ b) >>> 9) / 2 ** 23),
    asFloat: (bits) => (scratch.setUint32(0, bits), scratch.getFloat32(0)),
  };
})();
