"""Real parts for the tests: S3 servers, a keychain, a desktop. Each starts by itself and ends with the test run."""
