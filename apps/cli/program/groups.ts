/** What the commands that begin with one word are about. */
export const groups: Readonly<Record<string, string>> = {
  'admin-token':
    'tokens of the administration, in the secrets file of an installation on this machine',
  profiles: 'installations by name, each with its address and where its token is',
  customers: 'those whose usage is billed',
  keys: 'virtual keys',
  budgets: 'budgets, and what is left of them',
  limits: 'rate limits',
  routes: 'names that lead to several models',
  providers: 'the providers that the configuration names',
  calls: 'single calls of clients',
  periods: 'billing periods',
  invoices: 'invoices of closed periods',
};
