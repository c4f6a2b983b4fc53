/** Completion for fish. */
import type { Place, PlaceOption } from './places.ts';

const NOTE = `# Completion of tollgate for fish. In config.fish: tollgate completion fish | source
# Says whether the words so far are exactly this command.
function __tollgate_at
  set -l typed (string match --invert -- '-*' (commandline -opc))[2..-1]
  set -l depth (count $argv)
  test "$depth" -eq 0; and begin; test (count $typed) -eq 0; return; end
  test "$typed[1..$depth]" = "$argv"
end
complete -c tollgate -f`;

export function fishCompletion(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, options }) => [
    ...words.map(({ word, help }) => line(path, `-a ${quoted(word)} -d ${quoted(help)}`)),
    ...options.map((option) => line(path, optionText(option))),
  ]);
  return `${NOTE}\n${lines.join('\n')}\n`;
}

function optionText({ name, help, takesValue, oneOf }: PlaceOption): string {
  const values = oneOf.length === 0 ? '' : ` -a ${quoted(oneOf.join(' '))}`;
  return `-l ${name}${takesValue ? ' -r' : ''}${takesValue && values === '' ? ' -F' : values} -d ${quoted(help)}`;
}

function line(path: string, text: string): string {
  return `complete -c tollgate -n ${quoted(path === '' ? '__tollgate_at' : `__tollgate_at ${path}`)} ${text}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
