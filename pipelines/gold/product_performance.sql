-- One row per business date, product and currency: what was sold and given back, under the name of that day.
WITH sold AS (
  SELECT
    business_date,
    product_id,
    currency_code,
    sum(CASE WHEN line_kind = 'sale' THEN quantity ELSE 0 END) AS sold_quantity,
    sum(CASE WHEN line_kind = 'cancellation' THEN -quantity ELSE 0 END) AS returned_quantity,
    sum(CASE WHEN line_kind = 'sale' THEN line_amount ELSE 0 END) AS sales_amount,
    sum(line_amount) AS net_amount,
    count(DISTINCT source, order_id) AS order_count
  FROM sale_lines
  WHERE line_kind <> 'adjustment'
  GROUP BY business_date, product_id, currency_code
)
SELECT
  sold.*,
  products.product_name,
  coalesce(products.product_kind, 'unknown') AS product_kind
FROM sold
-- The version at the end of the day; before the first version that is known, the first one.
LEFT JOIN products
  ON products.product_id = sold.product_id
  AND (products.is_first OR products.valid_from < date_add(sold.business_date, 1))
  AND (products.valid_to IS NULL OR products.valid_to >= date_add(sold.business_date, 1))
