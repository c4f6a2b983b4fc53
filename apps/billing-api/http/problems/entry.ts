/** One failure that the billing API answers with. All text is public. */

export type ErrorEntry = {
  status: number;
  title: string;
  /** Whether the very same request may succeed later. */
  retryable: boolean;
  /** What the caller can do. */
  action: string;
};

export const entry = (
  status: number,
  retryable: boolean,
  title: string,
  action: string,
): ErrorEntry => ({
  status,
  title,
  retryable,
  action,
});

export const CHECK_ID = 'Check the id.';
export const READ_DOCS = 'Compare the request with /docs.';
