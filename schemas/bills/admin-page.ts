/** What paging needs of a page of an admin API; its records are read by the schema of their kind. */
import { z } from 'zod';

export const adminPage = z.object({
  data: z.array(z.unknown()),
  has_more: z.boolean(),
  next_page: z.string().max(4_096).nullish(),
});
