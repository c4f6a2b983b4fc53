/**
 * Words that tell how much a request asks for, as whole words (a part of a word tells nothing: "iff" is
 * in "difference"). English, and what is common of German, French and Spanish; of other languages only the
 * shape of a request counts.
 */
export type WordKind = 'reasoning' | 'expertise' | 'code' | 'maths' | 'rule' | 'everyday';

const WORDS: Record<WordKind, string> = {
  reasoning: `
    analiza analyse analysiere analysis analyze argue assess assumptions because begründe beweise
    bewerte compara compare comparez consequences contradiction contrast conçois counterexample
    critique debug deduce demuestra derive design devise diagnose diseña disprove démontre
    démontrer entwirf erkläre estimate evaluate evalúa explain explica expliquer flaw herleiten
    hypothesis implications infer investigate justifica justifie justify optimal optimise optimize
    plan plane plausible porqué pourquoi proof prove puzzle rank reason reasoning reconcile
    redesign refactor refute resolve restructure rigorous scenario simulate strategies strategy
    synthesise synthesize tradeoff tradeoffs troubleshoot vergleiche verify warum weigh why
    widerlege évalue`,
  expertise: `
    aquifer arbitrage asymptotic atomicity bayesian bond byzantine causal chromatography clause
    clinical coefficient compiler concurrency confounding congestion consensus consistency
    contraindicated covenant cryptographic deadlock defendant derivative differential dilution
    dosage eigenvalue elasticity electrolyte embedding encryption entropy enzyme equilibrium
    fiduciary gaussian genome gradient heuristic hypertension idempotency immunotherapy indemnity
    inference inflation invariants isotope jurisdiction kinase kinetics kubernetes latency
    liability likelihood linearizable litigation logistic macroeconomic mechanism metabolic
    microservices migration monetary multivariate mutex nash negligence neural nonlinear orbital
    paradigm partition pathogenesis patient peptide percentile pharmacokinetics pharmacology
    plaintiff posterior protocol quantum quorum reagent regression replication residual sepsis
    sharding solubility spectroscopy statute stochastic symptoms tariff taxation theorem
    thermodynamic throughput tort transistor treatment turbulence valuation variance volatility
    voltage yield`,
  code: `
    algorithm api async backend class codebase compile component css daemon database dataframe
    deploy dockerfile endpoint exception framework function goroutine hook html implement
    implementation index java javascript json kotlin lambda library linter loop middleware module
    null nullpointerexception parser pointer postgres program python queue react recursion
    recursive regex repository runtime rust schema script segfault server sql stacktrace struct
    swift thread traceback typescript variable yaml`,
  maths: `
    algebra angle beweis bijection binomial calculus congruent continuous convergence convex
    determinant diagonal differentiable divisible ecuación eigenvalues equation equations
    expectation exponent factorial finite gleichung graph group homomorphism induction inequality
    infinite integer integers integral irrational isomorphic lemma limit logarithm matrices matrix
    matriz modulo multiplicative nombre parabola permutation polynomial prime primes primzahl
    probabilidad probability probabilité quadratic rational recurrence root roots sequence sine
    subset topology triangle trigonometric vector vertices wahrscheinlichkeit équation`,
  rule: `
    all always avoid between both cada cannot chaque consider constraint constraints darf debe
    deben doit doivent each ensure every exactamente exactement exactly except fewer first
    followed genau handle handling höchstens include including jamais jede jeder maximum
    mindestens minimum moins more muss must müssen never nicht nie not nunca ohne only otherwise
    preserve requirement requirements respectively sans satisfy second should sin sollte strictly
    subject third under unless within without`,
  everyday: `
    antonym author bedeutet begriff birthday bonjour bye capital capitale celsius color colour
    convert currency cuál cuándo danke date day define definition emoji extract fahrenheit fix
    flag format goodbye gracias greeting greetings guten hallo hauptstadt heißt hello hey hi hola
    introduce joke kilometers kilometres label language list lowercase meaning merci miles morning
    name named names opposite ounces paraphrase phrase plural pounds pronounce quand quel quelle
    quién recipe rephrase replace reply resume rewrite rhyme résume salut sentiment shorten sort
    spell spelled spelling summarise summarize summary synonym synonyms tagline thank thanks time
    title today tomorrow traduce traduis translate translation tweet uppercase wann weather week
    wer when where who whose wie wish word words zusammenfassung übersetze`,
};

const KINDS: ReadonlyMap<string, WordKind> = new Map(
  (Object.entries(WORDS) as [WordKind, string][]).flatMap(([kind, words]) =>
    words
      .trim()
      .split(/\s+/)
      .map((word): [string, WordKind] => [word, kind]),
  ),
);

/** The longest of them has fewer. */
const LENGTH_MAX = 24;

export function kindOf(word: string): WordKind | undefined {
  return word.length > LENGTH_MAX ? undefined : KINDS.get(word.toLowerCase());
}
