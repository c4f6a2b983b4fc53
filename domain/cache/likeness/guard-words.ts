/**
 * Words by which questions that look alike differ (`lexical-guard.ts`). English, and of other languages in
 * Latin letters the words that negate: a language that is not here is compared by its other marks.
 */

const list = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** One of them more or less turns an answer into its opposite. */
export const NEGATIONS = list(`
  not no never none nothing nobody nowhere neither nor cannot without except excluding exclude unless
  avoid stop lack lacks lacking fail fails failed unable impossible hardly
  nicht kein keine keinen keiner keinem keines nie niemals ohne
  ne pas jamais sans aucun aucune rien
  nunca sin ningún ninguna tampoco
  non mai senza nessun nessuno
  não sem nenhum nenhuma
  niet geen nooit zonder
  inte ingen aldrig utan ikke aldri uden`);

/** Of these, which are one. Who wants to stop a headache does not want to avoid it. */
export const PLAIN_NEGATIONS = list('not no cannot nicht kein keine keinen keiner keinem keines');

/** Numbers that are written out, and what multiplies. */
export const NUMBER_WORDS = list(`
  zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
  seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million
  billion trillion dozen half quarter third once twice double triple both pair
  first second fourth fifth last next previous
  monday tuesday wednesday thursday friday saturday sunday
  january february march april june july august september october november december
  today tomorrow yesterday tonight now currently
  hourly daily weekly monthly quarterly yearly annually`);

/**
 * Of pairs of opposites the rarer side, with what means the same and nothing that does not: who asks for the other
 * side has none of them, and a baby is no child. Words as they are written, or stems.
 */
const SIDES = [
  ...[
    'less fewer',
    'few little',
    'least',
    'min minimum minimal minimiz',
    'lowest',
    'low',
    'lower',
    'small',
    'smaller',
    'smallest',
    'reduc decreas',
    'shrink',
    'decline',
  ],
  ...['off disabl deactivat', 'inactiv'],
  ...['out outward', 'outgoing', 'export', 'logout signout'],
  ...['down downward', 'downgrad'],
  'below under beneath underneath',
  ...['outside outdoor', 'external'],
  'from',
  ...['before prior', 'early', 'earlier', 'earliest'],
  ...['after afterward', 'late', 'later', 'latest', 'since'],
  'until till',
  ...['bad', 'worse', 'worst', 'poor'],
  ...['old', 'older', 'oldest'],
  ...['slow slowly', 'slower', 'slowest'],
  ...['short', 'shorter', 'shortest'],
  ...['young', 'younger', 'youngest', 'child children kid kids', 'baby babi'],
  ...['cheap inexpensiv affordabl', 'cheaper', 'cheapest'],
  'free',
  ...['remov', 'delet eras', 'destroy', 'uninstall'],
  ...['end', 'finish', 'close', 'pause', 'quit'],
  ...['sell sold', 'sale'],
  'lend lent',
  'borrow',
  ...['lose los', 'lost'],
  'pull',
  'receiv',
  'upload',
  'decod',
  'decrypt',
  'decompress unzip',
  'disconnect unplug detach',
  'unlock',
  'lock',
  'dangerous danger unsafe harmful risk risky risk',
  'illegal unlawful',
  'false fals untrue',
  'wrong incorrect invalid',
  'negativ',
  ...['disadvantag drawback downside con cons', 'against'],
  'cause',
  ...['effect', 'consequence'],
  'output',
  'response respons',
  'server',
  'write writ',
  'async asynchronous',
  'private privat',
  ...['cold', 'colder', 'coldest', 'cool', 'cooler'],
  ...['night', 'evening'],
  ...['woman women', 'female', 'girl', 'wife', 'mother', 'daughter', 'sister'],
  'left',
  'right',
  ...['deny deni reject refus', 'forbid ban prohibit', 'block'],
  ...['difference differ', 'compar versus vs'],
] as const;

/** To the number of its side. */
export const OPPOSITES: ReadonlyMap<string, number> = new Map(
  SIDES.flatMap((side, index) => side.split(' ').map((word) => [word, index] as const)),
);

/**
 * Small words that decide as well: when it was, whether one has to, whose it is, and how one thing is to the
 * other ("books by Einstein" and "about Einstein", "sign up" and "sign in").
 */
export const RELATIONS = list(`
  or if too as by over up between within per through than must was were did will shall give get getting got
  your yours yourself he him his she her hers they them their theirs`);

/** Before a number or a name they say what it is there for: "5 of 10" and "5 to 10", "to Rome" and "in Rome". */
export const PLACING = list('to of for at with in on into onto');

/** They decide behind a word that does not carry the question: "contact me" and "contact you", "email about". */
export const RELATED = list('you me us about');

/** They carry a question, and in capitals they are names: "hepatitis A", "in Go", "in May". */
export const NAMES_TOO = list('a am go it may us will');
/** Behind one of them, it is the month. */
export const BEFORE_MONTHS = list('in of since until by last next this from before after during');

/** What a question asks for. */
export const ASKED = list('when where who whose whom why');
/** They say that the next word is what is asked for. */
export const ASKING = list(
  'me and or explain ask know understand wonder wondering us out just exactly so',
);

/** They carry a question and decide nothing: an answer to it is the same without them. */
export const FILLERS = list(`
  a an the to in on into onto about this that these those there here it its is are be been being am do does done doing
  have has had having can could would should may might i i'm i'd i've me my mine we us our you
  what what's whats which how how's of for with at and but then
  so very really just also about any some please kindly hi hello hey thanks thank ok okay
  tell say explain describe show let want wanted need like know help way ways step steps go going exactly actually basically simply possible possibly best
  someone somebody anyone something anything thing things information info details detail
  quick quickly question wondering wonder curious trying try able mean means meaning called
  need needs`);

/** Words that begin a sentence in capitals and name nothing. What else begins one may be a name. */
export const STARTERS = list(`
  write list find compare define summarize summarise translate convert calculate compute generate suggest
  recommend provide name outline discuss identify analyze analyse teach walk guide share offer
  whats what's who's where's when's how's i'm i've i'd i'll
  while because although though however finally also meanwhile given assuming suppose imagine
  people every each all another other such
  cooking learning reading writing running playing making getting setting changing resetting booking
  can't don't doesn't isn't aren't won't couldn't shouldn't wouldn't
  learn cook read run play change reset book set cancel update return pay order track contact fix build
  good great nice new old`);
