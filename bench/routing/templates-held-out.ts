/**
 * Kinds and wordings that nothing was fitted on. Some are chosen to go wrong: hard ones that are short and
 * in plain words, easy ones that are long or full of the words of an expert.
 */
import type { Template } from './template.ts';

const EASY: readonly Template[] = [
  {
    kind: 'trivia',
    hard: false,
    texts: [
      'Who painted the Mona Lisa?',
      'In which year did the Berlin Wall fall?',
      'How tall is Mount Everest?',
      'What colour do you get from blue and yellow?',
      'Which planet is closest to the sun?',
    ],
  },
  {
    kind: 'support-reply',
    hard: false,
    turns: [1, 3, 7],
    texts: [
      'Write a polite answer to this customer: {passage}',
      'Tell the customer that the {thing} is out of stock and will be back in {month}.',
      'Where can I see my orders?',
    ],
  },
  {
    kind: 'grammar',
    hard: false,
    texts: [
      'Is it "who" or "whom" in: {name} asked ___ had called?',
      'Correct the grammar of this paragraph: {passage}',
      'What is the past tense of "swim"?',
    ],
  },
  {
    kind: 'formatting',
    hard: false,
    texts: [
      'Turn this into a bulleted list:\n{article}',
      'Put these names in alphabetical order: {name}, {name}, {name}, {name}',
      'Add punctuation to this: {passage}',
    ],
  },
  {
    kind: 'long-question-of-fact',
    hard: false,
    texts: [
      'Read the text and answer: how much do tickets cost?\n\n{article}\n\n{article}',
      '{article}\n\nWhen does the team meet again, according to the text above?',
    ],
  },
  {
    kind: 'arithmetic',
    hard: false,
    texts: [
      'What is {n} + {n}?',
      'What is 10 percent of {big}?',
      'Half of {big}?',
      '{n} times {n}',
    ],
  },
  {
    kind: 'expert-words-easy-task',
    hard: false,
    texts: [
      'What does "idempotency" mean? One sentence.',
      'Which class of drugs is warfarin in?',
      'What does the abbreviation GDP stand for?',
      'Name a language with a garbage collector.',
    ],
  },
  {
    kind: 'small-schema',
    hard: false,
    texts: [
      'Fill in the form from this message: {passage}',
      'Category of this ticket: {passage}',
      'Return the language of this text: {passage}',
    ],
  },
  {
    kind: 'simple-tool',
    hard: false,
    tools: [2, 5, 9],
    turns: [1, 3, 11],
    texts: [
      'Turn off the lights.',
      'Play something by {name}.',
      'When is my next meeting?',
      'Add {food} to my shopping list.',
    ],
  },
  {
    kind: 'easy-other-language',
    hard: false,
    texts: [
      'Qual é o plural de "{word}"?',
      'Jak się nazywa stolica kraju {country}?',
      '오늘 날씨 어때?',
      'Спасибо, пока!',
    ],
  },
];

const HARD: readonly Template[] = [
  {
    kind: 'short-but-hard',
    hard: true,
    texts: [
      'Does every bounded sequence of reals have a monotone subsequence? Give the argument.',
      'How many ways are there to tile a 2 by {n} board with dominoes and L-trominoes?',
      'Can a knight visit each square of a {n} by 4 board once and come back?',
      'Why is the halting problem undecidable, and what changes if memory is finite?',
    ],
  },
  {
    kind: 'scheduling',
    hard: true,
    texts: [
      '{name}, {name} and {name} share two cars. {name} works from {n}:00, the school closes at 15:30, one car needs two hours of charging a day, and nobody wants to drive twice in a row. Find a week that works for all, or show that there is none.',
      'We have {n} talks, four rooms and two days. No speaker may be in two rooms, related talks may not be at the same time, and the keynote follows lunch. Make a timetable and say which wish cannot be met.',
    ],
  },
  {
    kind: 'clinical-reasoning',
    hard: true,
    texts: [
      'A woman of {n} has had fever for three days, a rash that does not fade under glass and a stiff neck. Blood pressure is 85/50. What do you do in the first hour, in which order, and what would make you change course?',
      'Lab results: sodium 121, potassium 5.9, glucose 62, and the skin is darker than last year. Which diagnosis explains all of them, and which test separates it from the next likeliest?',
    ],
  },
  {
    kind: 'legal-reasoning',
    hard: true,
    texts: [
      'A tenant sublets without consent, the landlord accepts two payments from the subtenant, then ends the lease. Who has which claims against whom, and does it matter that the lease is silent on it?',
      'Our terms say that credits expire after a year. A customer in {country} bought {big} of them for resale. Could the clause be unfair, and how would you redraft it?',
    ],
  },
  {
    kind: 'code-review',
    hard: true,
    texts: [
      'Review this for correctness:\n```\nfunc pay(ctx, id, amount) error {\n  bal := get(id)\n  if bal < amount { return ErrLow }\n  set(id, bal-amount)\n  return send(id, amount)\n}\n```\nIt runs on {n} servers and a client may retry.',
      'Port this to {language_code} and keep its behaviour for numbers above 2^53:\n```\nfunction total(xs) { return xs.reduce((a, x) => a + x.price * x.count, 0) }\n```',
      'Write a SQL statement that finds for each customer the longest run of days with an order, without gaps of more than {n} days.',
    ],
  },
  {
    kind: 'physics',
    hard: true,
    texts: [
      'A ball rolls down a ramp of {n} degrees, then up another of {n}, both with friction. How high does it get, and when does it come to rest? Give the formula first.',
      'A satellite at {big} km loses {n} m a day to drag. How long until it is at 300 km, if density doubles every 30 km lower?',
    ],
  },
  {
    kind: 'strategy',
    hard: true,
    texts: [
      'A small bakery in {city} loses customers to a chain that sells at half the price. It has {big} euros and two employees. What should it do over the next year, what would you measure, and when would you give up?',
      'We can build, buy or rent the {system}. Lay out the costs over five years, the risks of each and what would have to be true for each to be the best choice.',
    ],
  },
  {
    kind: 'long-form',
    hard: true,
    texts: [
      'Write an essay of 1500 words on whether {field} should be taught in schools. Take the strongest view against your own and answer it.',
      'Write the first chapter of a novel told by three narrators who each lie about the same evening in {city}; the reader must be able to work out what happened.',
    ],
  },
  {
    kind: 'continued-work',
    hard: true,
    turns: [5, 9, 21],
    tools: [0, 6],
    texts: [
      'Now do the same for the second module, but keep the old interface for callers that have not moved, and tell me what could break.\nyes, go ahead',
      'Migrate the remaining tables, verify that nothing was lost, and stop if two counts differ.\nok',
    ],
  },
  {
    kind: 'hard-other-language',
    hard: true,
    texts: [
      'Udowodnij, że liczba pierwiastków wielomianu stopnia {n} nie przekracza {n}, i wskaż, gdzie korzystasz z tego, że pierścień jest całkowity.',
      '두 은행이 같은 금액을 동시에 이체할 때 잔액이 음수가 되지 않도록 분산 프로토콜을 설계하고, 네트워크가 나뉘었을 때 어떤 보장이 깨지는지 설명하세요.',
      'Докажи, что не существует алгоритма, который по двум программам решает, одинаковы ли их ответы, и объясни, что изменится при ограниченной памяти.',
    ],
  },
];

export const HELD_OUT: readonly Template[] = [...EASY, ...HARD];
