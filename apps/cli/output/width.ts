/** How many columns of a terminal a text takes, and texts cut to so many. */
import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const PLAIN = /^[\x20-\x7e]*$/;
const EMOJI = /^\p{RGI_Emoji}$/v;
/** Marks, controls and joiners: alone they take no column. */
const ZERO = /^[\p{Mn}\p{Me}\p{Cc}\p{Cf}]+$/u;

export const ELLIPSIS = '…';

/** Of the text as it is shown: colours take no columns. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) {
    width += segmentWidth(segment);
  }
  return width;
}

function segmentWidth(segment: string): number {
  if (ZERO.test(segment)) return 0;
  if (EMOJI.test(segment)) return 2;
  return eastAsianWidth(segment.codePointAt(0) ?? 0);
}

/** The text in at most so many columns: what does not fit ends in an ellipsis. Takes no colours. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let [kept, width] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    const more = segmentWidth(segment);
    if (width + more > columns - 1) break;
    kept += segment;
    width += more;
  }
  return kept + ELLIPSIS;
}

export function padded(text: string, columns: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return align === 'left' ? text + space : space + text;
}

/**
 * What is shown of a text that others wrote: a name cannot move the cursor, colour the screen or break the
 * line (I12).
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu,
    ' ',
  );
}
