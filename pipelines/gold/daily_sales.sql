-- One row per business date, source, country and currency: what was sold, cancelled, and left.
SELECT
  business_date,
  source,
  country_name,
  currency_code,
  count(DISTINCT CASE WHEN line_kind = 'sale' THEN order_id END) AS order_count,
  count(DISTINCT CASE WHEN line_kind = 'cancellation' THEN order_id END) AS cancellation_count,
  count(*) AS line_count,
  sum(quantity) AS quantity,
  sum(CASE WHEN line_kind = 'sale' THEN line_amount ELSE 0 END) AS sales_amount,
  sum(CASE WHEN line_kind = 'cancellation' THEN line_amount ELSE 0 END) AS cancelled_amount,
  sum(line_amount) AS net_amount
FROM sale_lines
GROUP BY business_date, source, country_name, currency_code
