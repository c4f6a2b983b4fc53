/** Completion for bash 4 and later. */
import type { Place } from './places.ts';

const NOTE = '# Completion of tollgate for bash. In ~/.bashrc: source <(tollgate completion bash)';

export function bashCompletion(places: readonly Place[]): string {
  const cases = places.map(({ path, words, options }) => {
    const names = options.map(({ name }) => `--${name}`).join(' ');
    const next = words.map(({ word }) => word).join(' ');
    return `    ${quoted(path)}) words=${quoted(next)}; options=${quoted(names)} ;;`;
  });
  const takesValue = new Set(
    places.flatMap(({ options }) => options.filter((o) => o.takesValue).map(({ name }) => name)),
  );
  const oneOf = new Map(
    places.flatMap(({ path, options }) =>
      options.flatMap(({ name, oneOf: all }): [string, string][] =>
        all.length === 0 ? [] : [[`${path}|--${name}`, all.join(' ')]],
      ),
    ),
  );
  return `${NOTE}
_tollgate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local path='' words options at word skip=0
  _tollgate_place ''
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if ((skip)); then skip=0; continue; fi
    case "$word" in
      ${[...takesValue].map((name) => `--${name}`).join('|')}) skip=1 ;;
      -*) ;;
      *) if [[ " $words " == *" $word "* ]]; then
           path="\${path:+$path }$word"; _tollgate_place "$path"
         fi ;;
    esac
  done
  case "$path|$before" in
${[...oneOf].map(([at, all]) => `    ${quoted(at)}) COMPREPLY=($(compgen -W ${quoted(all)} -- "$current")); return ;;`).join('\n')}
  esac
  if ((skip)); then COMPREPLY=($(compgen -f -- "$current")); return; fi
  if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  else COMPREPLY=($(compgen -W "$words" -- "$current")); fi
}
_tollgate_place() {
  case "$1" in
${cases.join('\n')}
    *) words=''; options='' ;;
  esac
}
complete -o bashdefault -F _tollgate tollgate
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
