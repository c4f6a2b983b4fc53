/** `tollgate completion SHELL`: a script that completes commands and options. */
import type { Command } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { bashCompletion } from '../../program/completion/bash.ts';
import { fishCompletion } from '../../program/completion/fish.ts';
import { type Place, places } from '../../program/completion/places.ts';
import { zshCompletion } from '../../program/completion/zsh.ts';

const SHELLS: Readonly<Record<string, (all: readonly Place[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** @param commands all, once all are known */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'print a script by which a shell completes commands and options',
    detail: `bash: source <(tollgate completion bash), in ~/.bashrc

zsh: source <(tollgate completion zsh), in ~/.zshrc after compinit

fish: tollgate completion fish | source, in config.fish`,
    parameters: [{ name: 'SHELL', help: 'which shell', oneOf: Object.keys(SHELLS) }],
    examples: [
      { line: 'tollgate completion bash', help: 'the script itself' },
      { line: 'tollgate completion fish', help: 'of another shell' },
    ],
    async run({ words: [shell = ''], output }) {
      const script = SHELLS[shell]?.(places(commands()));
      if (script === undefined) throw new UsageError(`There is no script for ${shell}.`);
      output.object({ object: 'completion', shell, script }, () => output.print(script.trimEnd()));
      return 0;
    },
  };
}
