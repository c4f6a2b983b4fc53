/**
 * Answers with known labels, and what a cascade makes of them: how many that are not good it finds, and how
 * many good ones it would pay for twice. What is wrong and well formed is not among what can be found.
 */
import { type Said, shortfallOf, type Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';

type Labelled = { kind: string; bad: boolean; said: Partial<Said>; isJson?: true };

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city', 'days'],
  additionalProperties: false,
};

const text = (kind: string, bad: boolean, texts: readonly string[], isJson?: true): Labelled[] =>
  texts.map((said) => ({ kind, bad, said: { text: said }, ...(isJson && { isJson }) }));

const ANSWERS: readonly Labelled[] = [
  ...text('refusal', true, [
    'I’m sorry, but I can’t help with that.',
    "I'm sorry, I cannot assist with this request.",
    'I cannot provide instructions for that.',
    "I'm unable to help with that request.",
    'Sorry, but I can’t create content of this kind.',
    'As an AI language model, I cannot provide medical advice.',
    'Unfortunately, I am not able to answer this question.',
    'I won’t help with that.',
    "That's not something I'm comfortable doing.",
    'This request goes against my guidelines, so I will decline.',
    'Es tut mir leid, dabei kann ich nicht helfen.',
    'Je suis désolé, je ne peux pas vous aider.',
  ]),
  ...text('prose', false, [
    'The capital of Peru is Lima.',
    'Sorry for the delay! Your parcel left on Monday and will be there tomorrow.',
    'I can help with that. First, open the settings.',
    'Unfortunately, the train was late, and we missed the first act.',
    'A polite refusal: "I’m sorry, but I can’t help with that."',
    'Hello Ms Li, we cannot provide a refund after thirty days, but a voucher is on its way.',
    'I cannot stress enough how much the tide matters here.',
    '',
  ]),
  ...text(
    'no JSON',
    true,
    [
      'Here it is: {"city":"Lyon","days":3}',
      '```json\n{"city":"Lyon","days":3}\n```',
      '{"city":"Lyon","days":3,}',
      "{'city':'Lyon','days':3}",
      '{"city":"Lyon","days":',
    ],
    true,
  ),
  ...text(
    'against its schema',
    true,
    [
      '{"city":"Lyon"}',
      '{"city":"Lyon","days":"3"}',
      '{"city":"Lyon","days":3.5}',
      '{"city":"Lyon","days":3,"note":"sunny"}',
      '[{"city":"Lyon","days":3}]',
      JSON.stringify(SCHEMA),
    ],
    true,
  ),
  ...text(
    'JSON',
    false,
    [
      '{"city":"Lyon","days":3}',
      ' {"days":3,\n"city":""}',
      '{"city":"I cannot help with that","days":0}',
      '{"city":"Lyon","days":3.0}',
    ],
    true,
  ),
  { kind: 'cut off', bad: true, said: { text: 'The first step is to', end: 'length' } },
  { kind: 'cut off', bad: true, said: { text: '{"city":"Ly', end: 'length' }, isJson: true },
];

/** A row for each kind: how many there are, and after how many the next candidate is asked. */
export function judgedAnswers(): string {
  const kinds = [...new Set(ANSWERS.map(({ kind }) => kind))];
  const rows = kinds.map((kind) => {
    const of = ANSWERS.filter((answer) => answer.kind === kind);
    const asked = of.filter(isEscalated).length;
    return `| ${kind} | ${of[0]?.bad === true ? 'no' : 'yes'} | ${of.length} | ${asked} |`;
  });
  return [
    '| Answers | Good | Of them | The next candidate is asked |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function isEscalated({ said, isJson }: Labelled): boolean {
  const whole: Said = { text: '', refuses: false, end: 'chosen', calls: [], ...said };
  const json = isJson === true ? { schema: SCHEMA } : null;
  const wanted: Wanted = { json, tools: null, cutByLimit: false };
  return shortfallOf(whole, wanted) !== null;
}
