/** What weights are found on. */
import type { Template } from './template.ts';

const EASY: readonly Template[] = [
  {
    kind: 'capital',
    hard: false,
    texts: [
      'What is the capital of {country}?',
      'capital of {country}',
      'Which city is the capital of {country}? One word please.',
      'Name the capital and the currency of {country}.',
    ],
  },
  {
    kind: 'translation',
    hard: false,
    texts: [
      'Translate into {language}: "{passage}"',
      'How do you say "{word}" in {language}?',
      'Please translate this to {language}.\n\n{passage}',
    ],
  },
  {
    kind: 'greeting',
    hard: false,
    turns: [1, 1, 3, 9],
    texts: [
      'hi',
      'Hello there!',
      'good morning, how are you?',
      'thanks, that was all',
      'Hey {name}',
    ],
  },
  {
    kind: 'summary',
    hard: false,
    texts: [
      'Summarize in one sentence:\n\n{passage}',
      'Summarise the text below in two short sentences.\n{article}',
      'tl;dr please: {article}',
    ],
  },
  {
    kind: 'sentiment',
    hard: false,
    texts: [
      'Is this review positive or negative? "{passage}"',
      'Classify the sentiment (positive, neutral, negative): {passage}',
      'Label this message as spam or not spam: {passage}',
    ],
  },
  {
    kind: 'conversion',
    hard: false,
    texts: [
      'Convert {n} miles to kilometers.',
      'How many ounces are {n} pounds?',
      'What is {n} degrees Celsius in Fahrenheit?',
      'How many days are there in {n} weeks?',
    ],
  },
  {
    kind: 'rewriting',
    hard: false,
    texts: [
      'Fix the spelling: {passage}',
      'Rewrite this so that it sounds friendlier: {passage}',
      'Make this text shorter: {article}',
      'Put this into lowercase: {passage}',
    ],
  },
  {
    kind: 'extraction',
    hard: false,
    texts: [
      'Extract the name and the city from this text: {passage}',
      'Which dates and amounts are in this message? {passage}',
      'List all names in the text: {article}',
    ],
  },
  {
    kind: 'synonyms',
    hard: false,
    texts: [
      'Give me three synonyms of "{word}".',
      'What is the opposite of {word}?',
      'What does the word "{word}" mean?',
      'Use "{word}" in a sentence.',
    ],
  },
  {
    kind: 'small-code',
    hard: false,
    texts: [
      'How do I print a list in {language_code}?',
      'What does the map function do in {language_code}?',
      'Write a one-line {language_code} function that adds two numbers.',
      'How do I reverse a string in {language_code}?',
    ],
  },
  {
    kind: 'tool-lookup',
    hard: false,
    tools: [1, 2, 4, 12],
    texts: [
      'What is the weather in {city} tomorrow?',
      'Set a reminder for {month} {n}: call {name}.',
      'Look up the order {big}.',
      'Send {name} a message that I am late.',
    ],
  },
  {
    kind: 'short-text',
    hard: false,
    texts: [
      'Write a birthday wish for {name}.',
      'Write a short thank you note to {name} for the {thing}.',
      'Suggest five names for a {animal}.',
      'A tagline for a shop that sells a {thing}, please.',
      'Give me a simple recipe for {food}.',
    ],
  },
  {
    kind: 'easy-foreign',
    hard: false,
    texts: [
      'Wie heißt die Hauptstadt von {country}?',
      'Quelle est la capitale de {country} ?',
      '¿Cuál es la capital de {country}?',
      '{country}の首都はどこですか？',
      'Übersetze ins Englische: guten Morgen',
      '请把“{word}”翻译成中文。',
    ],
  },
];

const HARD: readonly Template[] = [
  {
    kind: 'proof',
    hard: true,
    texts: [
      'Prove that there are infinitely many primes congruent to 3 modulo 4.',
      'Let f be a continuous function on [0, {n}]. Show that it attains its maximum, without using compactness.',
      'Show by induction that the sum of the first n cubes is (n(n+1)/2)^2, and find where the argument fails for n = {n}/2.',
      'Is every finite group of order {n} cyclic? Prove it or give a counterexample.',
    ],
  },
  {
    kind: 'word-problem',
    hard: true,
    texts: [
      'A tank is filled by two pipes in {n} and {n} hours and emptied by a third in {n} hours. All three are opened, and after {n} minutes the third is closed. When is the tank full? Show each step.',
      '{name} invests {big} at {n}% and {big} at {n}%, compounded monthly. After how many years is the second account larger, if {n} is withdrawn from it each quarter?',
      'Three machines make {n}, {n} and {n} parts an hour; {n}% of the first are faulty, {n}% of the others. A faulty part is drawn. With which probability is it from the first machine?',
    ],
  },
  {
    kind: 'debugging',
    hard: true,
    texts: [
      'My {language_code} service deadlocks under load. Two threads take lock A and lock B:\n```\nsynchronized(a) { synchronized(b) { post(); } }\nsynchronized(b) { synchronized(a) { flush(); } }\n```\nExplain why it only happens with more than {n} clients, and fix it without a global lock.',
      'This query takes {n} seconds on a table of {big} rows:\n```\nSELECT o.id FROM orders o JOIN lines l ON l.order_id = o.id WHERE l.sku IN (SELECT sku FROM stock WHERE amount < {n}) ORDER BY o.created\n```\nDiagnose the plan, propose indexes and rewrite it.',
      'The test below fails about once in {n} runs. Find the race and explain how you would prove that the fix is right.\n```\nasync function take() { if (queue.length > 0) { await lock(); return queue.pop(); } }\n```',
    ],
  },
  {
    kind: 'implementation',
    hard: true,
    texts: [
      'Implement a thread-safe LRU cache in {language_code} with a time to live for each entry, O(1) operations, and a bound on bytes instead of entries. Include tests for eviction under concurrency.',
      'Write a {language_code} parser for arithmetic expressions with unary minus, function calls and right-associative powers. It must report the position of each error and never recurse deeper than {n}.',
      'Refactor this class so that it has no shared state, keeps its interface and can be tested without a database:\n```\nclass Store { static db = connect(); get(id) { return Store.db.query(id); } put(x) { Store.db.insert(x); } }\n```',
    ],
  },
  {
    kind: 'architecture',
    hard: true,
    texts: [
      'Design a {system} for {big} requests a second across three regions. It must survive the loss of a region, never lose a confirmed write, and cost less than {big} dollars a month. Compare at least two designs and justify your choice.',
      'We want to move a {system} from one database to sharded storage without downtime. Plan the migration, say how each step is verified and rolled back, and which invariants must hold between steps.',
    ],
  },
  {
    kind: 'expert-question',
    hard: true,
    texts: [
      'A patient aged {n} on warfarin presents with atrial fibrillation, a creatinine clearance of {n} and new hypertension. Which anticoagulant and dosage would you choose, what is contraindicated, and why?',
      'Under English contract law, a supplier delivers late because its own supplier failed. The force majeure clause names only strikes and floods. Assess the liability and the damages that could be claimed.',
      'Explain how an inverted yield curve affects bank lending, and evaluate whether it predicts a recession once term premia are taken into account.',
      'Why does an SN1 reaction racemise while SN2 inverts, and how would the solvent and the temperature change the ratio for a secondary substrate?',
    ],
  },
  {
    kind: 'constrained-writing',
    hard: true,
    texts: [
      'Write a sonnet about a {animal} in iambic pentameter. Each line must begin with the next letter of the alphabet, no line may contain the letter z, and the third quatrain must contradict the first.',
      'Write a press release of exactly {n} words about a recalled {thing}. It must not use passive voice, must mention three dates, must avoid the word "sorry", and each paragraph must end with a question.',
    ],
  },
  {
    kind: 'logic-puzzle',
    hard: true,
    texts: [
      'Five people live in five houses of different colours. {name} does not live next to {name}; the owner of the {animal} lives left of the green house; the one with the tea lives in the middle. Each owns a different animal. Who owns the fish? Reason step by step and state where you had to guess.',
      'Of three guards one always lies, one always tells the truth, and one answers at random. You have two questions that are answered with yes or no. Which ones find the exit, and why can fewer not suffice?',
    ],
  },
  {
    kind: 'analysis',
    hard: true,
    texts: [
      'Here are the sales of {n} shops: {n}, {n}, {n}, {n}, {n}, {n}, {n}. After a campaign in {month} they were {n}, {n}, {n}, {n}, {n}, {n}, {n}. Is the change significant? State the hypothesis, choose a test, check its assumptions and discuss confounding.',
      'Compare the arguments of the two texts below, find the weakest premise in each, and say which conclusion survives if both are right about the facts.\n\nA: {passage}\n\nB: {passage}',
    ],
  },
  {
    kind: 'tool-plan',
    hard: true,
    tools: [3, 6, 10, 16],
    turns: [1, 5, 15],
    texts: [
      'Find all invoices of {month} that were paid twice, work out who has to get how much back, draft a message for each of them, and ask me before you send anything. Do not touch customers in {country}.',
      'Our build fails since {month}. Look through the repository, find which change broke it, fix it, run the tests, and explain the root cause. Do not change the public interface.',
    ],
  },
  {
    kind: 'hard-schema',
    hard: true,
    texts: [
      'From the minutes below derive who decided what, which decisions contradict each other, what has to happen before what, and the earliest date at which each can be done. Where a date is missing, infer it and say from what.\n\n{article}',
      'Turn this policy into rules that can be checked by a machine. Each rule must have a condition, an exception and a priority, no two rules may overlap, and gaps must be listed.\n\n{article}',
    ],
  },
  {
    kind: 'hard-foreign',
    hard: true,
    texts: [
      'Beweise, dass die Wurzel aus {n}0 irrational ist, und begründe jeden Schritt. Warum lässt sich der Beweis nicht auf {n}00 übertragen?',
      'Conçois une architecture pour un service de paiement réparti sur trois régions, compare deux solutions et justifie ton choix sans supposer une horloge commune.',
      '证明：对任意正整数 n，n^3 - n 能被 6 整除，并说明为什么这个结论不能推广到 n^4 - n。请逐步推理，给出反例。',
      'Evalúa las consecuencias de subir el tipo de interés al {n}% cuando la inflación es importada, compara dos escenarios y justifica cada hipótesis.',
    ],
  },
];

export const FITTED: readonly Template[] = [...EASY, ...HARD];
