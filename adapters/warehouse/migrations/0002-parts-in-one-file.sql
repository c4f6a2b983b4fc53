ALTER TABLE tollgate.raw_usage MODIFY SETTING min_bytes_for_wide_part = 200000000
;
ALTER TABLE tollgate.rollup_15m MODIFY SETTING min_bytes_for_wide_part = 200000000
;
ALTER TABLE tollgate.dirty_bucket MODIFY SETTING min_bytes_for_wide_part = 200000000
