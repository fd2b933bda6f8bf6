"""S3 and everything that speaks its language: an own core for the hot operations, boto3 for the rest."""
