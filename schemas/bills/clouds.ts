/**
 * Billing exports of the clouds. Google: rows of the Cloud Billing export to BigQuery (as JSON, or as
 * CSV with the members joined by a dot or an underscore), and the CSV of the console's cost table. AWS:
 * the Cost and Usage Report, of either generation; the reader writes all column names in the second
 * one's way (`lineItem/UsageType` is `line_item_usage_type`).
 */
import { z } from 'zod';
import { currencyName, decimal, decimalOrNone, moment, someText, textOrNone } from './fields.ts';

export const googleBilling = z.object({
  service_description: someText,
  sku_description: someText,
  usage_start_time: moment,
  project_id: textOrNone,
  cost: decimal,
  currency: currencyName,
  cost_type: textOrNone,
  usage_amount: decimalOrNone,
  usage_unit: textOrNone,
});

export const googleCostTable = z.object({
  service_description: someText,
  sku_description: someText,
  usage_start_date: someText,
  project_id: textOrNone,
  cost_type: textOrNone,
  usage_amount: decimalOrNone,
  usage_unit: textOrNone,
  unrounded_cost: decimal,
});

export const awsUsage = z.object({
  line_item_usage_account_id: textOrNone,
  line_item_usage_start_date: moment,
  line_item_product_code: someText,
  line_item_usage_type: textOrNone,
  line_item_usage_amount: decimalOrNone,
  line_item_line_item_type: textOrNone,
  line_item_line_item_description: textOrNone,
  line_item_unblended_cost: decimal,
  line_item_currency_code: currencyName,
  line_item_resource_id: textOrNone,
  pricing_unit: textOrNone,
  product_product_name: textOrNone,
});
