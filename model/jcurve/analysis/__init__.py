"""Questions asked of the model and of the record it is checked against."""
