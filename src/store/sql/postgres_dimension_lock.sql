UPDATE dimension_version
SET version = version + 1
WHERE version_id = 1
RETURNING version
