/** A command line in this process: what it wrote, and its exit code. */
import { hasColours, painter } from '../output/colours.ts';
import { runCommandLine, type Surroundings } from '../run.ts';

export type Ran = { code: number; out: string; err: string };

export type RunOptions = Partial<Omit<Surroundings, 'streams'>> & {
  width?: number;
  isTerminal?: boolean;
};

export async function runInProcess(
  words: readonly string[],
  { width = 80, isTerminal = false, environment = {}, ...more }: RunOptions = {},
): Promise<Ran> {
  const written = { out: '', err: '' };
  const sink = (name: 'out' | 'err') => ({
    ...{ isTerminal, width, paint: painter(hasColours(environment, isTerminal)) },
    write(text: string) {
      written[name] += text;
    },
    drained: async () => undefined,
  });
  const code = await runCommandLine(words, {
    ...{ environment, streams: { out: sink('out'), err: sink('err') } },
    ...more,
  });
  return { code, ...written };
}

/** The words of an example, as a shell parts them: quotes keep blanks, and nothing else is special. */
export function wordsOf(line: string): string[] {
  const parts = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return parts.map((part) => part.replaceAll(/["']/g, ''));
}
