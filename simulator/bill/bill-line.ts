/** One charged attempt, as the bill file and `GET /sim/bill` show it. */
export type BillLine = {
  /** 1, 2, 3 … without a gap, over restarts too. */
  readonly seq: number;
  /** When it was charged, RFC 3339 UTC with milliseconds. */
  readonly time: string;
  /** Header `x-client-request-id` as received; null when the client sent none. */
  readonly attempt_id: string | null;
  readonly request_id: string;
  readonly endpoint: string;
  readonly model: string;
  /** Uncached input. */
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  /** Without reasoning. */
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly requests: 1;
  /** Only where there is any of it, as the next two; a line of a call that has none is as ever. */
  readonly cache_write_tokens?: number;
  readonly cache_write_1h_tokens?: number;
  readonly searches?: number;
  readonly image_input_tokens?: number;
  readonly image_output_tokens?: number;
  readonly audio_input_tokens?: number;
  readonly audio_output_tokens?: number;
  readonly images?: number;
  /** Of audio. */
  readonly audio_seconds?: number;
  readonly characters?: number;
  /** Only where it is not the default one. */
  readonly service_tier?: string;
  /** US dollars with 12 places. */
  readonly cost: string;
  readonly outcome: Outcome;
  /** When the request was received. */
  readonly started_at: string;
};

export type Outcome = 'complete' | 'client_aborted' | 'fault';

/** The part of a line that a call knows; the bill adds the number and the time. */
export type Charge = Omit<BillLine, 'seq' | 'time'>;
