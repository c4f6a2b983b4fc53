/** Every dialect that the gateway speaks. Its routes follow from this list. */
import type { Dialect } from './dialect.ts';
import { openAi } from './openai/openai.ts';

/** Of errors where no endpoint says what the client speaks, as on a path that nobody serves. */
export const houseDialect: Dialect = openAi;

export const dialects: readonly Dialect[] = [openAi];
