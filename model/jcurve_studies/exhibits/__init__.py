"""Charts and tables of the validation and the peer report."""
