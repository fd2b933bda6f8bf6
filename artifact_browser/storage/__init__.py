"""What a bucket can do: the Driver protocol, listings as columns, locations, presigned links."""
