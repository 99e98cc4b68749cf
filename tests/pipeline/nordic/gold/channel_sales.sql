-- One row per business date, channel and currency: what each channel sold.
SELECT
  business_date,
  coalesce(channel_name, 'unknown') AS channel_name,
  currency_code,
  sum(line_amount) AS net_amount
FROM sale_lines
GROUP BY business_date, coalesce(channel_name, 'unknown'), currency_code
