-- One row per as-of date, customer and currency: what was known of the customer by the end of that date.
SELECT
  slices.as_of_date,
  sales.customer_id,
  sales.currency_code,
  date_diff(slices.as_of_date, max(CASE WHEN line_kind = 'sale' THEN business_date END)) AS recency_days,
  count(DISTINCT CASE WHEN line_kind = 'sale' AND business_date > date_sub(as_of_date, 7) THEN order_key END) AS order_count_7d,
  count(DISTINCT CASE WHEN line_kind = 'sale' AND business_date > date_sub(as_of_date, 30) THEN order_key END) AS order_count_30d,
  count(DISTINCT CASE WHEN line_kind = 'sale' THEN order_key END) AS order_count_90d,
  sum(CASE WHEN business_date = as_of_date THEN line_amount ELSE 0 END) AS day_net_amount,
  sum(CASE WHEN business_date > date_sub(as_of_date, 7) THEN line_amount ELSE 0 END) AS net_amount_7d,
  sum(CASE WHEN business_date > date_sub(as_of_date, 30) THEN line_amount ELSE 0 END) AS net_amount_30d,
  sum(line_amount) AS net_amount_90d,
  CAST(
    100 * -sum(CASE WHEN line_kind = 'cancellation' THEN line_amount ELSE 0 END)
    / nullif(sum(CASE WHEN line_kind = 'sale' THEN line_amount ELSE 0 END), 0) AS DECIMAL(12,2)
  ) AS returned_pct_90d
FROM slices
INNER JOIN (SELECT *, concat(source, '/', order_id) AS order_key FROM sale_lines WHERE customer_id IS NOT NULL) AS sales
  ON sales.business_date <= slices.as_of_date
  AND sales.business_date > date_sub(slices.as_of_date, 90)
GROUP BY slices.as_of_date, sales.customer_id, sales.currency_code
