"""Work done outside a request, one file a kind of job."""
