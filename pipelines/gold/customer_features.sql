-- One row per as-of date, customer and currency: what was known of the customer by the end of that date.
WITH orders AS (
  SELECT
    business_date,
    customer_id,
    currency_code,
    concat(source, '/', order_id) AS order_key,
    sum(CASE WHEN line_kind = 'sale' THEN line_amount END) AS sold_amount,
    sum(CASE WHEN line_kind = 'cancellation' THEN line_amount END) AS cancelled_amount,
    sum(line_amount) AS net_amount,
    count_if(line_kind = 'sale') > 0 AS has_sale
  FROM sale_lines
  WHERE customer_id IS NOT NULL
  GROUP BY business_date, customer_id, currency_code, source, order_id
)
SELECT
  slices.as_of_date,
  customer_id,
  currency_code,
  date_diff(slices.as_of_date, max(CASE WHEN has_sale THEN business_date END)) AS recency_days,
  count(DISTINCT CASE WHEN has_sale AND business_date > date_sub(as_of_date, 7) THEN order_key END) AS order_count_7d,
  count(DISTINCT CASE WHEN has_sale AND business_date > date_sub(as_of_date, 30) THEN order_key END) AS order_count_30d,
  count(DISTINCT CASE WHEN has_sale THEN order_key END) AS order_count_90d,
  sum(CASE WHEN business_date = as_of_date THEN net_amount ELSE 0 END) AS day_net_amount,
  sum(CASE WHEN business_date > date_sub(as_of_date, 7) THEN net_amount ELSE 0 END) AS net_amount_7d,
  sum(CASE WHEN business_date > date_sub(as_of_date, 30) THEN net_amount ELSE 0 END) AS net_amount_30d,
  sum(net_amount) AS net_amount_90d,
  CAST(
    100 * -sum(coalesce(cancelled_amount, 0)) / nullif(sum(coalesce(sold_amount, 0)), 0) AS DECIMAL(12,2)
  ) AS returned_pct_90d
FROM slices
INNER JOIN orders
  ON orders.business_date <= slices.as_of_date
  AND orders.business_date > date_sub(slices.as_of_date, 90)
GROUP BY slices.as_of_date, customer_id, currency_code
