/** Completion for zsh. */
import type { Place, PlaceOption } from './places.ts';

const NOTE = `#compdef tollgate
# Completion of tollgate for zsh. In ~/.zshrc, after compinit: source <(tollgate completion zsh)`;

export function zshCompletion(places: readonly Place[]): string {
  const takesValue = new Set(
    places.flatMap(({ options }) => options.filter((o) => o.takesValue).map(({ name }) => name)),
  );
  const cases = places.map(({ path, words, options }) => {
    const next = words.map(({ word, help }) => quoted(`${escaped(word)}:${help}`)).join(' ');
    const all = options
      .map((option) => quoted(`--${escaped(option.name)}:${option.help}`))
      .join(' ');
    return `    ${quoted(path)}) next=(${next}); flags=(${all}) ;;`;
  });
  const oneOf = places.flatMap(({ path, options }) =>
    options.filter((option) => option.oneOf.length > 0).map((option) => choiceCase(path, option)),
  );
  return `${NOTE}
_tollgate() {
  local at_path='' word skip=0
  local -a next flags names
  _tollgate_place ''
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if ((skip)); then skip=0; continue; fi
    case "$word" in
      ${[...takesValue].map((name) => `--${name}`).join('|')}) skip=1 ;;
      -*) ;;
      *) names=("\${(@)next%%:*}")
         if ((\${names[(Ie)$word]})); then
           at_path="\${at_path:+$at_path }$word"; _tollgate_place "$at_path"
         fi ;;
    esac
  done
  case "$at_path|\${words[CURRENT-1]}" in
${oneOf.join('\n')}
  esac
  if ((skip)); then _files; return; fi
  if [[ "\${words[CURRENT]}" == -* ]]; then _describe -o option flags
  else _describe command next; fi
}
_tollgate_place() {
  case "$1" in
${cases.join('\n')}
    *) next=(); flags=() ;;
  esac
}
compdef _tollgate tollgate
`;
}

function choiceCase(path: string, { name, oneOf }: PlaceOption): string {
  return `    ${quoted(`${path}|--${name}`)}) compadd -- ${oneOf.map(quoted).join(' ')}; return ;;`;
}

/** A colon ends a name in `_describe`. */
const escaped = (text: string) => text.replaceAll(':', '\\:');

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
