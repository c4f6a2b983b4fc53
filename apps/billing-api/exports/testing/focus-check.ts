/**
 * What a FOCUS 1.2 dataset must have, transcribed from the content constraints of each column of the
 * specification (tag v1.2, `specification/columns`): not from our exporter, which it checks.
 */

type Level = 'Mandatory' | 'Conditional' | 'Recommended';
type Type = 'String' | 'Decimal' | 'Date/Time' | 'Currency' | 'JSON';
type Known = { level: Level; nulls: boolean; type: Type; allowed?: readonly string[] };

const MANDATORY = `
BilledCost - Decimal
BillingAccountId - String
BillingAccountName null String
BillingCurrency - Currency
BillingPeriodEnd - Date/Time
BillingPeriodStart - Date/Time
ChargeCategory - String Usage|Purchase|Tax|Credit|Adjustment
ChargeClass null String Correction
ChargeDescription null String
ChargePeriodEnd - Date/Time
ChargePeriodStart - Date/Time
ContractedCost - Decimal
EffectiveCost - Decimal
InvoiceIssuerName - String
ListCost - Decimal
PricingQuantity null Decimal
PricingUnit null String
ProviderName - String
PublisherName - String
ServiceCategory - String
ServiceName - String`;

const OTHERS = `
AvailabilityZone null String
BillingAccountType - String
CapacityReservationId null String
CapacityReservationStatus null String
ChargeFrequency - String One-Time|Recurring|Usage-Based
CommitmentDiscountCategory null String
CommitmentDiscountId null String
CommitmentDiscountName null String
CommitmentDiscountQuantity null Decimal
CommitmentDiscountStatus null String
CommitmentDiscountType null String
CommitmentDiscountUnit null String
ConsumedQuantity null Decimal
ConsumedUnit null String
ContractedUnitPrice null Decimal
InvoiceId null String
ListUnitPrice null Decimal
PricingCategory null String Standard|Dynamic|Committed|Other
PricingCurrency - Currency
PricingCurrencyContractedUnitPrice null Decimal
PricingCurrencyEffectiveCost - Decimal
PricingCurrencyListUnitPrice null Decimal
RegionId null String
RegionName null String
ResourceId null String
ResourceName null String
ResourceType null String
ServiceSubcategory - String
SkuId null String
SkuMeter null String
SkuPriceDetails null JSON
SkuPriceId null String
SubAccountId null String
SubAccountName null String
SubAccountType null String
Tags null JSON`;

function read(text: string, level: Level): [string, Known][] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', nulls, type, allowed] = line.split(' ');
      const known = { level, nulls: nulls === 'null', type: type as Type };
      return [name, allowed === undefined ? known : { ...known, allowed: allowed.split('|') }];
    });
}

const COLUMNS = new Map([...read(MANDATORY, 'Mandatory'), ...read(OTHERS, 'Conditional')]);

const FORMS: Record<Type, RegExp> = {
  String: /^\S(?:.*\S)?$/s,
  Decimal: /^-?\d+(?:\.\d+)?$/,
  'Date/Time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  Currency: /^[A-Z]{3}$/,
  JSON: /^\{.*\}$/s,
};

/** @param rows by the names of their columns. @returns what is wrong, in words; nothing if all is well */
export function focusFaults(
  columns: readonly string[],
  rows: readonly Record<string, string>[],
): string[] {
  const faults = [...COLUMNS]
    .filter(([name, { level }]) => level === 'Mandatory' && !columns.includes(name))
    .map(([name]) => `${name} is missing`);
  for (const name of columns) {
    if (!COLUMNS.has(name) && !/^x_[A-Za-z0-9]+$/.test(name))
      faults.push(`${name} is not a column`);
  }
  rows.forEach((row, at) => {
    for (const name of columns) {
      const known = COLUMNS.get(name);
      if (known !== undefined)
        faults.push(...faultsOf(known, row[name] ?? '', `${name} of row ${at}`));
    }
    faults.push(...faultsOfRow(row).map((fault) => `${fault} in row ${at}`));
  });
  return faults;
}

function faultsOf({ nulls, type, allowed }: Known, value: string, place: string): string[] {
  if (value === '') return nulls ? [] : [`${place} is null`];
  if (!FORMS[type].test(value)) return [`${place} is no ${type}: ${value}`];
  if (allowed !== undefined && !allowed.includes(value)) return [`${place} may not be ${value}`];
  return [];
}

/** What depends on other columns of a row. */
function faultsOfRow(row: Record<string, string>): string[] {
  const { ChargeCategory, ChargeClass, ChargePeriodStart, ChargePeriodEnd } = row;
  const faults: string[] = [];
  const isRegular = ChargeCategory === 'Usage' && ChargeClass === '';
  for (const name of ['PricingQuantity', 'PricingUnit', 'ConsumedQuantity', 'PricingCategory']) {
    if (isRegular && row[name] === '') faults.push(`${name} is null for regular usage`);
  }
  if ((row['ConsumedQuantity'] === '') !== (row['ConsumedUnit'] === '')) {
    faults.push('ConsumedQuantity and ConsumedUnit are not null together');
  }
  if ((ChargePeriodStart ?? '') >= (ChargePeriodEnd ?? ''))
    faults.push('the charge period is empty');
  return faults;
}
