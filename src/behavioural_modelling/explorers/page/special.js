/* The error function and its complement, for translated functions, to some 14 digits. JavaScript has neither.

   Source: Abramowitz & Stegun (1964), 7.1.6, a series whose terms are all positive, and 7.1.14, a continued
   fraction, which keeps the digits of a small complement. */
globalThis.jaxSpecial ??= (() => {
  const FAR = 2;
  const TERMS = 120;

  function series(x) {
    let [term, sum] = [x, x];
    for (let n = 1; n < TERMS; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }

  function fraction(x) {
    let below = x;
    for (let n = TERMS; n > 0; n--) below = x + n / 2 / below;
    return Math.exp(-x * x) / (below * Math.sqrt(Math.PI));
  }

  const erfc = (x) => (x < 0 ? 2 - erfc(-x) : x > FAR ? fraction(x) : 1 - series(x));
  const erf = (x) => (Math.abs(x) > FAR ? Math.sign(x) * (1 - fraction(Math.abs(x))) : series(x));
  return { erf, erfc };
})();
