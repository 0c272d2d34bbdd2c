"""The model as it would have run on an earlier day, beside what came."""
