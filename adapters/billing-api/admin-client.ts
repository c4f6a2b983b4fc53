/** A few calls of the billing API, as an operator would make them. */

export type AdminClient = {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object): Promise<T>;
  patch<T>(path: string, body: object): Promise<T>;
};

const JSON_BODY = { 'content-type': 'application/json' };

/** @throws Error with the problem's own text */
export function adminClient(apiUrl: string, token: string): AdminClient {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(apiUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : JSON_BODY) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & { code?: string; title?: string };
    if (response.ok) return answer;
    throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
  };
}
