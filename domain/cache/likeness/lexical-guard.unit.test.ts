/** Questions that vectors take for the same, and that are not. */
import { describe, expect, it } from 'vitest';
import { differInAFewWords, guarded } from './lexical-guard.ts';

/** Whether one may have the answer of the other, if their vectors say so. */
function mayShare(a: string, b: string): boolean {
  const [one, other] = [guarded(a), guarded(b)];
  if (one === null || other === null || one.marks !== other.marks) return false;
  return !differInAFewWords(one.words, other.words);
}

describe('a question is not taken for another', () => {
  // GPTCache#694, semantic-router#2691: a question and its opposite are nearer than two that mean the same.
  // langchain-redis#22: 1+1 and 21+1 had one answer.
  it.each([
    ['by another year', 'Who won the election in 2023?', 'Who won the election in 2024?'],
    ['by another sum', 'What is 1+1?', 'What is 21+1?'],
    ['by another amount in words', 'Give me two examples', 'Give me three examples'],
    ['by another amount with its unit', 'Convert 5kg to pounds', 'Convert 50kg to pounds'],
    ['by another negation', 'Is ibuprofen safe?', 'Is ibuprofen not safe?'],
    ['by another short negation', 'Why does it work?', "Why doesn't it work?"],
    ['by another negation of another language', 'Ist das erlaubt?', 'Ist das nicht erlaubt?'],
    ['by another opposite', 'How do I enable notifications?', 'How do I disable notifications?'],
    [
      'by another opposite in a small word',
      'How do I turn on dark mode?',
      'How do I turn off dark mode?',
    ],
    ['by another name', 'What is the weather in Paris?', 'What is the weather in London?'],
    ['by another name at the start', 'Paris weather tomorrow?', 'London weather tomorrow?'],
    ['by another name that nobody writes in capitals', 'weather in paris', 'weather in london'],
    ['by another quoted text', 'What does "shall" mean?', 'What does "will" mean?'],
    ['by another quoted code', 'What does `map` do?', 'What does `filter` do?'],
    ['by another name of a thing', 'Where is config.yaml?', 'Where is config.json?'],
    ['by another version', 'Is Node v18 supported?', 'Is Node v20 supported?'],
    ['by another day', 'Are you open on monday?', 'Are you open on sunday?'],
    ['by another question word', 'When was the tower built?', 'Where was the tower built?'],
    ['by another order', 'convert euros to dollars', 'convert dollars to euros'],
    ['by another word', 'How do I reset my password?', 'How do I change my password?'],
    ['by another word more', 'How do I delete my account?', 'How do I delete my work account?'],
    [
      'by much more that is asked',
      'How do I cook rice?',
      'How do I cook rice with plenty of fresh coconut milk?',
    ],
    ['by one side for another', 'How do I pause my plan?', 'How do I end my plan?'],
    ['by who may have it', 'Is honey safe for babies?', 'Is honey safe for children?'],
    ['by who is given it', 'What can I give my wife?', 'What can I give my mother?'],
    ['by what is done against it', 'How do I stop migraines?', 'How do I avoid migraines?'],
    ['by a sign between', 'What is 8 - 3?', 'What is 8 3?'],
    ['by what a number is for', 'Is 5 of 10 tablets ok?', 'Is 5 to 10 tablets ok?'],
    ['by what a name is for', 'How do I fly to Rome?', 'How do I fly in Rome?'],
    ['by a condition', 'Can I drive if I drink?', 'Can I drive and drink?'],
    ['by who one is', 'How do I use it as an admin?', 'How do I use it for an admin?'],
    ['by too much', 'Is my dog too fat?', 'Is my dog fat?'],
    ['by a sign', 'What is -5 plus 3?', 'What is 5 plus 3?'],
    ['by a point', 'What is .5 in percent?', 'What is 5 in percent?'],
    ['by a factorial', 'What is 5!?', 'What is 5?'],
    ['by another bracket', 'What is 2 * (3 + 4)?', 'What is (2 * 3) + 4?'],
    ['by what code is given', 'What does f(x) do?', 'What does g(y) do?'],
    ['by another unit of length', 'How much is 5" in cm?', "How much is 5' in cm?"],
    ['by a unit in other letters', 'How bright is 5 mW?', 'How bright is 5 MW?'],
    ['by bits for bytes', 'How long do 100 Mb take?', 'How long do 100 MB take?'],
    [
      'by another direction',
      'How do I move contacts to Gmail from Outlook?',
      'How do I move contacts from Gmail to Outlook?',
    ],
    [
      'by what is negated',
      'What can I eat if I tolerate milk but not eggs?',
      'What can I eat if I tolerate not milk but eggs?',
    ],
    ['by what is quoted', 'How do I put "a1" before Bar?', 'How do I put Bar before "a1"?'],
    ['by and for or', 'Can I take aspirin and wine?', 'Can I take aspirin or wine?'],
    ['by another side of a limit', 'Do children over 5 pay?', 'Do children up to 5 pay?'],
    [
      'by how much for how far',
      'What if it grows by 10 percent?',
      'What if it grows to 10 percent?',
    ],
    ['by another part of a verb', 'How do I sign up here?', 'How do I sign in here?'],
    ['by who wrote it', 'Which books are by Einstein?', 'Which books are about Einstein?'],
    ['by whom it is about', 'Write an email to my boss', 'Write an email about my boss'],
    ['by another tense', 'Who is the head of Apple?', 'Who was the head of Apple?'],
    ['by what has to be', 'Do I have to file taxes?', 'Can I file taxes?'],
    ['by whose it is', 'What is my name?', 'What is your name?'],
    ['by who does it', 'How do I contact you?', 'How do you contact me?'],
    ['by who gets it', 'How do I get a refund?', 'How do I give a refund?'],
    ['by a month that is a small word', 'What is on in Rome in may?', 'What is on in Rome?'],
    ['by a name that is a small word', 'How do I sort lists in Go?', 'How do I sort lists?'],
    [
      'by another word of many',
      'Summarize the annual report of the large northern sales office about customers and partners',
      'Summarize the annual report of the large southern sales office about customers and partners',
    ],
  ])('%s', (_, a, b) => expect([mayShare(a, b), mayShare(a, a)]).toEqual([false, true]));

  it.each([
    ['in code', 'Why?\n```\nreturn 1;\n```'],
    ['in letters that are not read here', '東京の天気は？'],
    ['in raised digits', 'What is 10²?'],
    ['with what nobody sees', 'Is it no\u200bt safe?'],
    ['that has no word of its own', 'What can you do?'],
    ['that is a document', 'word '.repeat(500)],
  ])('%s: it is compared with none', (_, text) => expect(guarded(text)).toBeNull());
});

describe('a question may be the same', () => {
  it.each([
    ['as it is', 'How do I reset my password?', 'how do I reset my password'],
    [
      'with courtesy',
      'How do I reset my password?',
      'Hi, could you please tell me how to reset my password? Thanks!',
    ],
    ['in another form', 'Is the report finished?', "what's in the reports that are finished?"],
    [
      'in many other words',
      'How can I learn to play the piano?',
      'What should I practise to become a good pianist?',
    ],
  ])('%s', (_, a, b) => expect(mayShare(a, b)).toBe(true));
});

it('what it says of words is the same for the same text, and nothing of the text is in it', () => {
  const one = guarded('How do I reset my password?');
  expect(one?.words).toEqual(guarded('how can I reset passwords?')?.words);
  expect(one?.marks).toBe('[[],[],[]]');
});
