/** Colours, where the output is a terminal (https://no-color.org, https://force-color.org). */
import { styleText } from 'node:util';
import type { Environment } from '../surroundings.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** `NO_COLOR` wins, as both say: a person who asks for none gets none. */
export function hasColours(environment: Environment, isTerminal: boolean): boolean {
  const { NO_COLOR: none = '', FORCE_COLOR: forced, TERM: terminal } = environment;
  if (none !== '') return false;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && terminal !== 'dumb';
}

export function painter(isOn: boolean): Paint {
  if (!isOn) return (_style, text) => text;
  return (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }));
}
