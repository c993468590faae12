/* How the search reads a question and weighs what it finds; loaded before Sphinx's own script (_ext/search.py).
   A question is understood as its telling words, and where no page has them all, pages with most of them count. */
const QUESTION_WORDS =
  "about am any can could did do does from have how i me mine my our should so some than was we were what when " +
  "where which who why would you your";

// Registered before Sphinx's own start, and so done before it.
document.addEventListener("DOMContentLoaded", () => {
  stopwords.push(...QUESTION_WORDS.split(" "));
  const parsed = Search._parseQuery;
  Search._parseQuery = (query) => parsed(query.replace(/\bbm\.(?=\w)/g, ""));

  const withAllWords = Search.performTermsSearch;

  Search.performTermsSearch = (words, excluded) => {
    const strict = withAllWords(words, excluded);
    if (words.size < 2) return strict;
    const sums = new Map();
    for (const word of words)
      for (const found of withAllWords(new Set([word]), excluded)) {
        const sum = sums.get(found[0]) ?? { page: found, score: 0, words: 0 };
        sums.set(found[0], { page: found, score: sum.score + found[4], words: sum.words + 1 });
      }
    const wanted = strict.length ? words.size : Math.max(0, ...[...sums.values()].map((sum) => sum.words));
    const best = [...sums.values()].filter((sum) => sum.words >= wanted);
    return best.map(({ page, score }) => [...page.slice(0, 4), score, page[5]]);
  };
});
